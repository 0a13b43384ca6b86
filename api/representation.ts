import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context } from 'hono';

const compress = promisify(gzip);
/** Smaller ones fit a network packet or two as they are. */
const COMPRESS_FROM = 1024;
/** Others are compressed already. */
const COMPRESSIBLE = /^text\/|[/+](json|javascript|xml|x-pem-file)\b/;

type Headers = Record<string, string>;

/** An answer as bytes, with a strong ETag for each coding of it [RFC 9110, 8.8.3]. */
export class Representation {
  readonly #bytes: Buffer;
  readonly #headers: Headers;
  readonly #digest: string;
  #compressed: Promise<Buffer> | null = null;

  /** `headers` go with a 304 too, but for those that tell of a body. */
  constructor(content: string | Buffer, headers: Headers & { 'Content-Type': string }) {
    this.#bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.#headers = headers;
    this.#digest = createHash('sha256').update(this.#bytes).digest('base64url').slice(0, 22);
  }

  static ofJson(value: unknown): Representation {
    return new Representation(JSON.stringify(value), { 'Content-Type': 'application/json; charset=utf-8' });
  }

  /** To a GET or HEAD with its ETag, and 304 when the client has it already; what a change answers is told whole. */
  async answer(c: Context): Promise<Response> {
    const headers: Headers = { Vary: 'Accept-Encoding, Authorization' };
    const { 'Content-Type': type = '', ...more } = this.#headers;
    const worthIt = this.#bytes.length >= COMPRESS_FROM && COMPRESSIBLE.test(type);
    const zipped = worthIt && acceptsGzip(c.req.header('Accept-Encoding'));
    if (c.req.method === 'GET' || c.req.method === 'HEAD') {
      const etag = `"${this.#digest}${zipped ? '-gzip' : ''}"`;
      Object.assign(headers, { ETag: etag, 'Cache-Control': 'private, no-cache' }, more);
      if (holds(c.req.header('If-None-Match'), etag)) return c.body(null, 304, headers);
    }
    const bytes = zipped ? await this.#zipped() : this.#bytes;
    Object.assign(headers, { 'Content-Type': type, 'Content-Length': String(bytes.length) });
    if (zipped) headers['Content-Encoding'] = 'gzip';
    return c.body(new Uint8Array(bytes), 200, headers);
  }

  #zipped(): Promise<Buffer> {
    this.#compressed ??= compress(this.#bytes);
    return this.#compressed;
  }
}

function acceptsGzip(header: string | undefined): boolean {
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
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
