import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context } from 'hono';
import { completeResponse, SECURITY_HEADERS } from './headers.ts';
import { tracingHeaders } from './tracing.ts';

const compress = promisify(gzip);
/** Smaller ones fit a network packet or two as they are. */
const COMPRESS_FROM = 1024;
/** Others are compressed already. */
const COMPRESSIBLE = /^text\/|[/+](json|javascript|xml|x-pem-file)\b/;

type Headers = Record<string, string>;

const ALWAYS: Headers = { ...SECURITY_HEADERS, Vary: 'Accept-Encoding, Authorization' };

/** One coding of the bytes, and the headers of its answers: made once, given again and again. */
interface Coding {
  etag: string;
  /** null: to be compressed first. */
  bytes: Uint8Array<ArrayBuffer> | null;
  unchanged?: Headers;
  whole?: Headers;
}

/** What is to be written. */
export interface Finished {
  status: 200 | 304;
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer> | null;
}

/** An answer as bytes, with a strong ETag for each coding of it [RFC 9110, 8.8.3]. */
export class Representation {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #type: string;
  readonly #headers: Headers;
  readonly #plain: Coding;
  readonly #gzip: Coding | null;
  #compressing: Promise<Uint8Array<ArrayBuffer>> | null = null;

  /** `headers` go with a 304 too, but for those that tell of a body. */
  constructor(content: string | Buffer, headers: Headers & { 'Content-Type': string }) {
    const { 'Content-Type': type, ...more } = headers;
    this.#bytes = new Uint8Array(typeof content === 'string' ? Buffer.from(content) : content);
    this.#type = type;
    this.#headers = more;
    const digest = createHash('sha256').update(this.#bytes).digest('base64url').slice(0, 22);
    const worthIt = this.#bytes.length >= COMPRESS_FROM && COMPRESSIBLE.test(type);
    this.#plain = { etag: `"${digest}"`, bytes: this.#bytes };
    this.#gzip = worthIt ? { etag: `"${digest}-gzip"`, bytes: null } : null;
  }

  static ofJson(value: unknown): Representation {
    return new Representation(JSON.stringify(value), { 'Content-Type': 'application/json; charset=utf-8' });
  }

  /** To a GET or HEAD with its ETag, and 304 when the client has it already; what a change answers is told whole. */
  async answer(c: Context): Promise<Response> {
    const coding = this.#codingFor(acceptsGzip(c.req.header('Accept-Encoding')));
    const { method } = c.req;
    if (method === 'GET' || method === 'HEAD') {
      const tags = c.req.header('If-None-Match');
      const { bytes, ...init } =
        this.#finished(coding, tags) ?? this.#whole(coding, await this.#compressed());
      return completeResponse(bytes, { ...init, headers: { ...init.headers, ...tracingHeaders(c) } });
    }
    const bytes = coding.bytes ?? (await this.#compressed());
    const headers = { ...ALWAYS, ...this.#ofBody(coding, bytes), ...tracingHeaders(c) };
    return completeResponse(bytes, { status: 200, headers });
  }

  /** The same for a GET, without a wait; null as long as it would have to be compressed first. */
  atOnce(gzip: boolean, ifNoneMatch: string | undefined): Finished | null {
    return this.#finished(this.#codingFor(gzip), ifNoneMatch);
  }

  #codingFor(gzip: boolean): Coding {
    return gzip && this.#gzip !== null ? this.#gzip : this.#plain;
  }

  #finished(coding: Coding, ifNoneMatch: string | undefined): Finished | null {
    if (!holds(ifNoneMatch, coding.etag)) return coding.bytes && this.#whole(coding, coding.bytes);
    return { status: 304, headers: this.#unchanged(coding), bytes: null };
  }

  #whole(coding: Coding, bytes: Uint8Array<ArrayBuffer>): Finished {
    coding.bytes = bytes;
    coding.whole ??= { ...this.#unchanged(coding), ...this.#ofBody(coding, bytes) };
    return { status: 200, headers: coding.whole, bytes };
  }

  #unchanged(coding: Coding): Headers {
    coding.unchanged ??= {
      ...ALWAYS,
      ETag: coding.etag,
      'Cache-Control': 'private, no-cache',
      ...this.#headers,
    };
    return coding.unchanged;
  }

  #ofBody(coding: Coding, bytes: Uint8Array): Headers {
    return {
      'Content-Type': this.#type,
      'Content-Length': String(bytes.length),
      ...(coding === this.#gzip && { 'Content-Encoding': 'gzip' }),
    };
  }

  #compressed(): Promise<Uint8Array<ArrayBuffer>> {
    this.#compressing ??= compress(this.#bytes).then((bytes) => new Uint8Array(bytes));
    return this.#compressing;
  }
}

export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const [name = '', ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const refused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    return (name === 'gzip' || name === '*') && !refused;
  });
}

/** If-None-Match compares weakly [RFC 9110, 13.1.2]. */
function holds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
