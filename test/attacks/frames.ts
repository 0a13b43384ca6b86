import { fragment, frame, PONG, repeated, upgrade } from '../helpers/frames.ts';
import { type Attack, ended, many, type Target } from './target.ts';

const ANSWER_MS = 3000;
const FLOOD_MS = 4000;
/** Shorter would not be enough for some to be cut off. */
const FLOOD_AT_LEAST_MS = 800;
const PATIENCE_MS = 20_000;
const PROD_EVERY_MS = 50;
/** 64 KiB of a message in pieces of one byte, with pongs between them: each piece would keep the whole of a read. */
const PIECE = Buffer.concat([fragment(true), repeated(frame(Buffer.alloc(125), PONG), 500)]);
const EMPTY = repeated(frame(Buffer.alloc(0)), 10_000);

/** Sends as fast as it is read, on a new connection when the last is ended. Nobody logs in. */
async function flood({ ports, scale }: Target, first: Buffer, then: Buffer) {
  const milliseconds = Math.max(FLOOD_AT_LEAST_MS, FLOOD_MS * scale);
  const began = performance.now();
  let connections = 0;
  let kilobytes = 0;
  // On a slow machine it takes longer until one has been cut off.
  const goesOn = () => performance.now() - began < (connections < 2 ? PATIENCE_MS : milliseconds);
  while (goesOn()) {
    const { socket } = await upgrade(ports.http);
    connections++;
    const over = ended(socket, PATIENCE_MS);
    socket.write(first);
    while (!socket.destroyed && goesOn()) {
      if (!socket.write(then)) await Promise.race([over, drained(socket)]);
    }
    kilobytes += Math.round(socket.bytesWritten / 1024);
    socket.destroy();
  }
  return { connections, kilobytes };
}

const drained = (socket: NodeJS.EventEmitter) =>
  new Promise<void>((resolve) => socket.once('drain', resolve));

/** Upgrades that are refused, and a byte after the refusal; then frames that are no packets, before any log-in. */
export const webSocketFrames: Attack = async (target) => {
  let refused = 0;
  let closed = 0;
  await many(target.scale, 300, 20, async () => {
    const { socket } = await upgrade(target.ports.http, { path: '/nope', protocols: 'mqtt' });
    refused++;
    const over = ended(socket, ANSWER_MS);
    // The end of the other side is known by its refusal of what comes after.
    const prodding = setInterval(() => socket.write('x'), PROD_EVERY_MS);
    if (await over) closed++;
    clearInterval(prodding);
    socket.destroy();
  });
  const pieces = await flood(target, fragment(false), PIECE);
  const empty = await Promise.all(Array.from({ length: 4 }, () => flood(target, Buffer.alloc(0), EMPTY)));
  return {
    'upgrades refused': refused,
    'closed after that': closed,
    'connections with fragments': pieces.connections,
    'KiB of them': pieces.kilobytes,
    'with empty frames': empty.reduce((sum, { connections }) => sum + connections, 0),
    'KiB of those': empty.reduce((sum, { kilobytes }) => sum + kilobytes, 0),
  };
};
