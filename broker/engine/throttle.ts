import type { PaceBook } from './pace.ts';
import type { EngineClient } from './types.ts';

/** Packets of one client that may be under way at once: what it floods with is a small part of what is committed together. */
const MAX_IN_FLIGHT = 256;
/** Packets of one client that are begun one after the other; then it is the turn of the others. */
const MAX_IN_A_TURN = 32;

export interface Gate {
  /** While true no client is read from: too much waits for the database. */
  closed(): boolean;
  /** Remembers a client that wants to be read once the gate opens. */
  wait(resume: () => void): void;
  leave(resume: () => void): void;
}

export interface ThrottleOptions {
  gate: Gate;
  paces: PaceBook;
  /** Milliseconds. */
  now: () => number;
  /** It is made to wait. */
  onLimit: (limit: 'packets_per_second' | 'bytes_per_second') => void;
  /** It was made to wait, and may go on. */
  onRoom: () => void;
}

/** When a client whose log-in is through may begin another packet. */
export function createThrottle(client: EngineClient, { gate, paces, now, onLimit, onRoom }: ThrottleOptions) {
  let { packets, bytes } = paces.create(now());
  let timer: NodeJS.Timeout | null = null;
  let waitsAtGate = false;
  let waitsForTurn = false;
  /** Packets that may still begin before others get their turn. */
  let left = MAX_IN_A_TURN;

  const gateOpened = () => {
    waitsAtGate = false;
    onRoom();
  };
  const waitAtGate = () => {
    if (waitsAtGate) return;
    waitsAtGate = true;
    gate.wait(gateOpened);
  };
  client.conn.once('close', () => gate.leave(gateOpened));

  const waitForPace = (milliseconds: number) => {
    if (timer !== null) return;
    onLimit(packets.wait(now()) > 0 ? 'packets_per_second' : 'bytes_per_second');
    timer = setTimeout(() => {
      timer = null;
      onRoom();
    }, milliseconds);
  };

  const waitForTurn = () => {
    if (waitsForTurn) return;
    waitsForTurn = true;
    setImmediate(() => {
      waitsForTurn = false;
      left = MAX_IN_A_TURN;
      onRoom();
    });
  };

  return {
    /** From here on it has the pace of its client id, which it may have used up in another connection. */
    admit(): void {
      ({ packets, bytes } = paces.of(client.id, now()));
    },

    newTurn(): void {
      left = MAX_IN_A_TURN;
    },

    /** Whoever says no sees to it that `onRoom` is called, or `client._nextBatch` is. */
    mayBegin(): boolean {
      if (client._parsingBatch >= MAX_IN_FLIGHT) return false;
      if (left <= 0) {
        waitForTurn();
        return false;
      }
      if (gate.closed()) {
        waitAtGate();
        return false;
      }
      if (!packets.spent && !bytes.spent) return true;
      const milliseconds = Math.max(packets.wait(now()), bytes.wait(now()));
      if (milliseconds > 0) waitForPace(milliseconds);
      return milliseconds === 0;
    },

    /** `count` packets begin. */
    begin(count: number): void {
      packets.take(count);
      left -= count;
    },

    /** What counts as so many packets more. */
    weigh(count: number): void {
      packets.take(count);
    },

    arrived(length: number): void {
      const time = now();
      packets.refill(time);
      bytes.refill(time);
      bytes.take(length);
    },

    get waits(): boolean {
      return waitsAtGate || timer !== null || client._parsingBatch >= MAX_IN_FLIGHT;
    },
  };
}
