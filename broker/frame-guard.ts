import type { WebSocket } from 'ws';
import { Pace } from './engine/pace.ts';
import type { Taken } from './intake.ts';
import type { SlicedSocket } from './sliced.ts';

/** A client that writes a packet field by field sends about this many frames for each. */
const FRAMES_PER_PACKET = 8;
/** A ping costs an answer, and no client needs many. */
const CONTROL_COST = FRAMES_PER_PACKET;
/** What may come before the CONNECT is whole: one in many pieces, with the headers of its frames. */
const MAX_STRANGER_COST = 256;
const MAX_STRANGER_BYTES = 100 * 1024;

type Limit = 'packet_bytes' | 'packets_per_second';

/** `ws` has found a message to be too long, or in too many pieces. */
const FAULTS: Record<string, Limit> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'packet_bytes',
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 'packets_per_second',
};

export interface FrameGuardOptions {
  packetsPerSecond: number;
  /** Milliseconds. */
  now: () => number;
}

/**
 * Bounds what frames cost beside the packets in them, which have limits of their own where they are read: an allowance
 * before the log-in, a pace from then on.
 */
export function guardFrames(
  ws: WebSocket,
  socket: SlicedSocket,
  taken: Taken,
  { packetsPerSecond, now }: FrameGuardOptions,
): void {
  const pace = new Pace(packetsPerSecond * FRAMES_PER_PACKET, now());
  let known = false;
  let held = false;
  let timer: NodeJS.Timeout | undefined;
  let cost = 0;
  let bytes = 0;

  const hold = () => {
    held = true;
    socket.hold();
  };
  const release = () => {
    held = false;
    socket.release();
  };

  const refuse = (limit: Limit) => {
    if (held) return;
    hold();
    // What has come is read first: what follows a CONNECT waits for its CONNACK, as on any other listener.
    setImmediate(() => {
      if (known || taken.greeted() || socket.destroyed) return;
      taken.onLimit(limit);
      ws.terminate();
    });
  };

  const keepPace = () => {
    const milliseconds = pace.wait(now());
    if (milliseconds === 0) return release();
    if (!held) taken.onLimit('packets_per_second');
    hold();
    timer = setTimeout(keepPace, milliseconds);
  };

  const count = (amount: number) => {
    if (known) {
      pace.refill(now());
      pace.take(amount);
      if (pace.spent && !held) keepPace();
    } else {
      cost += amount;
      if (cost > MAX_STRANGER_COST) refuse('packets_per_second');
    }
  };
  const weigh = (slice: Buffer) => {
    bytes += slice.length;
    if (bytes > MAX_STRANGER_BYTES) refuse('packet_bytes');
  };

  ws.on('message', () => count(1));
  ws.on('ping', () => count(CONTROL_COST));
  ws.on('pong', () => count(CONTROL_COST));
  ws.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
    const limit = FAULTS[code];
    if (limit !== undefined) taken.onLimit(limit);
  });
  ws.once('close', () => clearTimeout(timer));
  socket.on('data', weigh);
  taken.onLogin(() => {
    known = true;
    socket.off('data', weigh);
    release();
  });
}
