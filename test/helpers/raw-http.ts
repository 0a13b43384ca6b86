import { once } from 'node:events';
import { connect } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_AT = 'HTTP/1.1 '.length;
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const ETAG = /\r\netag: *([^\r]+)/i;

export interface HttpAnswer {
  status: number;
  /** Status line and headers. */
  head: string;
  body: Buffer;
}

/**
 * Takes the chunks of a connection and tells each whole answer. Reads as much of HTTP as its own requests need: answers
 * with a length or without a body. Throws for any other.
 */
export function createAnswerReader(onAnswer: (answer: HttpAnswer) => void): (chunk: Buffer) => void {
  let rest: Buffer | null = null;
  return (chunk) => {
    let bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk]);
    rest = null;
    while (bytes.length > 0) {
      const end = bytes.indexOf(HEAD_END);
      if (end < 0) break;
      const head = bytes.toString('latin1', 0, end);
      const status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
      const bodyAt = end + HEAD_END.length;
      const length = status === 304 || status === 204 ? 0 : lengthOf(head);
      if (bytes.length < bodyAt + length) break;
      onAnswer({ status, head, body: bytes.subarray(bodyAt, bodyAt + length) });
      bytes = bytes.subarray(bodyAt + length);
    }
    if (bytes.length > 0) rest = bytes;
  };
}

function lengthOf(head: string): number {
  const [, digits] = LENGTH.exec(head) ?? [];
  if (digits === undefined) throw new Error(`an answer without a length:\n${head}`);
  return Number(digits);
}

export const etagOf = (head: string): string | null => ETAG.exec(head)?.[1] ?? null;
export interface HttpConnection {
  /** One request at a time; rejects when the connection ends before the answer. */
  ask(request: Buffer): Promise<HttpAnswer>;
  close(): void;
}

export interface HttpRequest {
  method?: string;
  path: string;
  token?: string;
  etag?: string;
  body?: object;
}

/** A request with the headers that an app sends, as bytes. */
export function requestBytes({ method = 'GET', path, token, etag, body }: HttpRequest): Buffer {
  const content = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Accept: application/json',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(etag === undefined ? [] : [`If-None-Match: ${etag}`]),
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(content)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${content}`);
}

/** A keep-alive connection of a raw socket: `fetch` would cost more than what it measures. */
export async function openConnection(port: number): Promise<HttpConnection> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | null = null;
  const fail = (error: Error) => {
    waiting?.reject(error);
    waiting = null;
    socket.destroy();
  };
  const read = createAnswerReader((answer) => {
    const asked = waiting;
    waiting = null;
    asked?.resolve(answer);
  });
  socket.on('data', (chunk) => {
    try {
      read(chunk);
    } catch (error) {
      fail(error as Error);
    }
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection ended before the answer')));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => socket.destroy(),
  };
}
