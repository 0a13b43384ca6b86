import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { acceptsGzip, type Representation } from './representation.ts';

/** Requests that a connection remembers: what one page of an app polls. */
const MAX_KEPT = 8;
const NONE = -1;

export interface Poll {
  /** What the same request is answered with now; null: it must take the whole way again. */
  again(): Representation | null;
  /** After each answer. Milliseconds. */
  meter(milliseconds: number): void;
}

interface KeptPoll extends Poll {
  url: string;
  rawHeaders: readonly string[];
  /** Where the value of If-None-Match stands among them. */
  tagAt: number;
  gzip: boolean;
}

export interface KeptPolls {
  /** Offers an answer for later requests on the connection that are equal to this one, byte for byte, but for the ETag. */
  keep(request: IncomingMessage, poll: Poll): void;
  /** Answers a request that is; false: nothing was done. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

/**
 * An app asks the same each few seconds, over one connection. Once the whole way (router, token, rights, schemas) has
 * answered a request, an equal one needs only the questions whose answers may have changed since: `again` asks them.
 */
export function createKeptPolls(): KeptPolls {
  const bySocket = new WeakMap<Socket, KeptPoll[]>();

  return {
    keep: (request, poll) => {
      const { method, url, rawHeaders, socket } = request;
      const tags = positions(rawHeaders, 'if-none-match');
      if (method !== 'GET' || url === undefined || tags.length > 1) return;
      const [tagAt = NONE] = tags;
      const gzip = acceptsGzip(request.headers['accept-encoding']?.toString());
      const others = (bySocket.get(socket) ?? []).filter((kept) => !isSame(kept, request));
      bySocket.set(socket, [{ ...poll, url, rawHeaders, tagAt, gzip }, ...others].slice(0, MAX_KEPT));
    },

    answer: (request, response) => {
      const kept = bySocket.get(request.socket)?.find((candidate) => isSame(candidate, request));
      if (kept === undefined) return false;
      const started = performance.now();
      const tag = kept.tagAt === NONE ? undefined : request.rawHeaders[kept.tagAt];
      const answer = tryAgain(kept)?.atOnce(kept.gzip, tag) ?? null;
      if (answer === null) return false;
      response.writeHead(answer.status, answer.headers);
      response.end(answer.bytes);
      kept.meter(performance.now() - started);
      return true;
    },
  };
}

/** What fails here fails on the whole way too, where errors become answers. */
function tryAgain(kept: KeptPoll): Representation | null {
  try {
    return kept.again();
  } catch {
    return null;
  }
}

function positions(rawHeaders: readonly string[], name: string): number[] {
  const found: number[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) found.push(i + 1);
  }
  return found;
}

function isSame({ url, rawHeaders, tagAt }: KeptPoll, request: IncomingMessage): boolean {
  const given = request.rawHeaders;
  if (request.method !== 'GET' || request.url !== url || given.length !== rawHeaders.length) return false;
  for (let i = 0; i < given.length; i++) if (given[i] !== rawHeaders[i] && i !== tagAt) return false;
  return true;
}
