import type { Pace, PaceBook } from './pace.ts';
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
export class Throttle {
  readonly #client: EngineClient;
  readonly #options: ThrottleOptions;
  #packets: Pace;
  #bytes: Pace;
  #timer: NodeJS.Timeout | null = null;
  #waitsAtGate = false;
  /** null until it first waits there. */
  #gateOpened: (() => void) | null = null;
  #waitsForTurn = false;
  /** Packets that may still begin before others get their turn. */
  #left = MAX_IN_A_TURN;

  constructor(client: EngineClient, options: ThrottleOptions) {
    this.#client = client;
    this.#options = options;
    const { packets, bytes } = options.paces.create(options.now());
    this.#packets = packets;
    this.#bytes = bytes;
  }

  /** From here on it has the pace of its client id, which it may have used up in another connection. */
  admit(): void {
    const { paces, now } = this.#options;
    const { packets, bytes } = paces.of(this.#client.id, now());
    this.#packets = packets;
    this.#bytes = bytes;
  }

  newTurn(): void {
    this.#left = MAX_IN_A_TURN;
  }

  /** Whoever says no sees to it that `onRoom` is called, or `client._nextBatch` is. */
  mayBegin(): boolean {
    if (this.#client._parsingBatch >= MAX_IN_FLIGHT) return false;
    if (this.#left <= 0) {
      this.#waitForTurn();
      return false;
    }
    const { gate, now } = this.#options;
    if (gate.closed()) {
      this.#waitAtGate();
      return false;
    }
    if (!this.#packets.spent && !this.#bytes.spent) return true;
    const milliseconds = Math.max(this.#packets.wait(now()), this.#bytes.wait(now()));
    if (milliseconds > 0) this.#waitForPace(milliseconds);
    return milliseconds === 0;
  }

  /** A packet begins. */
  begin(): void {
    this.#packets.take(1);
    this.#left--;
  }

  /** What has begun counts as so many packets more. */
  weigh(count: number): void {
    this.#packets.take(count);
  }

  arrived(length: number): void {
    const time = this.#options.now();
    this.#packets.refill(time);
    this.#bytes.refill(time);
    this.#bytes.take(length);
  }

  get waits(): boolean {
    return this.#waitsAtGate || this.#timer !== null || this.#client._parsingBatch >= MAX_IN_FLIGHT;
  }

  #waitAtGate(): void {
    if (this.#waitsAtGate) return;
    this.#waitsAtGate = true;
    this.#gateOpened ??= this.#leaveGateAtEnd();
    this.#options.gate.wait(this.#gateOpened);
  }

  #leaveGateAtEnd(): () => void {
    const { gate, onRoom } = this.#options;
    const opened = () => {
      this.#waitsAtGate = false;
      onRoom();
    };
    this.#client.conn.once('close', () => gate.leave(opened));
    return opened;
  }

  #waitForPace(milliseconds: number): void {
    if (this.#timer !== null) return;
    const { now, onLimit, onRoom } = this.#options;
    onLimit(this.#packets.wait(now()) > 0 ? 'packets_per_second' : 'bytes_per_second');
    this.#timer = setTimeout(() => {
      this.#timer = null;
      onRoom();
    }, milliseconds);
  }

  #waitForTurn(): void {
    if (this.#waitsForTurn) return;
    this.#waitsForTurn = true;
    setImmediate(() => {
      this.#waitsForTurn = false;
      this.newTurn();
      this.#options.onRoom();
    });
  }
}
