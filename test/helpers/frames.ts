import { connect, type Socket } from 'node:net';

const CONTINUATION = 0;
const BINARY = 2;
export const PING = 9;
export const PONG = 10;

/** A frame of a client, masked with zeros: what is in it goes over the wire as it is. */
export function frame(payload: Buffer, opcode = BINARY, last = true): Buffer {
  const first = (last ? 0x80 : 0) | opcode;
  const mask = [0, 0, 0, 0];
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first, 0x80 | length, ...mask]), payload]);
  const head = Buffer.from([first, 0xff, ...[0, 0, 0, 0, 0, 0, 0, 0], ...mask]);
  head.writeUInt32BE(length, 6);
  return Buffer.concat([head, payload]);
}

/** One message in so many frames. */
export function fragmented(payload: Buffer, pieces: number): Buffer {
  const size = Math.ceil(payload.length / pieces);
  return Buffer.concat(
    Array.from({ length: pieces }, (_, i) =>
      frame(payload.subarray(i * size, (i + 1) * size), i === 0 ? BINARY : CONTINUATION, i === pieces - 1),
    ),
  );
}

/** The beginning of a message, in a fragment of one byte; `more`: its continuation. Both are without an end. */
export const fragment = (more: boolean) => frame(Buffer.from('x'), more ? CONTINUATION : BINARY, false);

export const repeated = (bytes: Buffer, count: number) =>
  Buffer.concat(Array.from({ length: count }, () => bytes));

export interface Upgrade {
  path?: string;
  protocols?: string;
  headers?: string[];
}

/** A socket that has sent the request for an upgrade, and the head of the answer: empty when there was none. */
export async function upgrade(
  port: number,
  { path = '/mqtt', protocols = 'mqtt', headers = [] }: Upgrade = {},
): Promise<{ socket: Socket; head: string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  // To be cut off is what those who use it expect.
  socket.on('error', () => {});
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `Sec-WebSocket-Protocol: ${protocols}`,
    ...headers,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = await readUntil(socket, '\r\n\r\n');
  return { socket, head };
}

/** What comes up to the `end` of it, or of the connection. */
export function readUntil(socket: Socket, end: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const finish = () => {
      socket.off('data', take).off('close', finish);
      resolve(text);
    };
    const take = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.includes(end)) finish();
    };
    socket.on('data', take).once('close', finish);
  });
}
