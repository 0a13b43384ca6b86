import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '@hono/node-server';
import { errorBody } from './errors.ts';
import { SECURITY_HEADERS, secured } from './headers.ts';

interface Refusal {
  status: number;
  code: string;
  error: string;
}

const MALFORMED: Refusal = { status: 400, code: 'INVALID', error: 'this is not a valid HTTP request' };
const UNEXPECTED: Refusal = {
  status: 417,
  code: 'EXPECTATION_FAILED',
  error: 'Expect: nothing but 100-continue is known here',
};
const FAILED: Refusal = { status: 500, code: 'INTERNAL', error: 'something went wrong on the server' };
/** By the code of the parser's error. */
const REFUSALS: Record<string, Refusal> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    error: 'the request line and headers are larger than 16 KiB',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    error: 'the chunk extensions are too large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    error: 'the request did not come to an end in time',
  },
};

const headersOf = (content: string) => ({
  ...SECURITY_HEADERS,
  'Content-Type': 'application/json',
  'Content-Length': String(Buffer.byteLength(content)),
  Connection: 'close',
});

const contentOf = ({ error, code }: Refusal) => JSON.stringify(errorBody(error, code));

/** A whole answer, for a socket that has no response of Node's. */
function textOf(refusal: Refusal): string {
  const content = contentOf(refusal);
  const lines = Object.entries(headersOf(content)).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n${content}`;
}

/** Of what the listener could make no request of (a bad `Host` or URL), or what broke outside of the app. */
export function answerBroken(error: unknown): Response {
  const refusal = error instanceof RequestError ? MALFORMED : FAILED;
  const headers = { 'Content-Type': 'application/json', Connection: 'close' };
  return secured(new Response(contentOf(refusal), { status: refusal.status, headers }));
}

/** What never becomes a request is answered as all errors are, and its connection ends. */
export function answerMalformed(server: Server): void {
  const underWay = new WeakMap<Duplex, ServerResponse[]>();
  server.on('request', ({ socket }, response) => {
    // More than one only of a client that does not wait for its answers.
    const earlier = underWay.get(socket)?.filter(({ closed }) => !closed) ?? [];
    underWay.set(socket, [...earlier, response]);
  });
  server.on('checkExpectation', (_request, response) => {
    const content = contentOf(UNEXPECTED);
    response.writeHead(UNEXPECTED.status, headersOf(content)).end(content);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const { code = '' } = error;
    const refusal = REFUSALS[code] ?? (code.startsWith('HPE_') ? MALFORMED : null);
    // In the middle of another answer this one would be read as a part of it.
    const begun = (underWay.get(socket) ?? []).some(({ headersSent, closed }) => headersSent && !closed);
    // A connection that was cut, or TLS that never came to be, has nobody to read it.
    if (refusal === null || begun || !socket.writable) socket.destroy();
    else socket.end(textOf(refusal), () => socket.destroy());
  });
}
