/** A message that is to be answered. */
export interface Held {
  /** It has been dealt with. */
  ready: boolean;
  /** Of its PUBACK; 0: it needs none, or `release` sees to it. */
  readonly ackId: number;
  /** Its turn has come; a PUBACK is written just afterwards. */
  release(): void;
}

const PUBACK = 0x40;

/** Has the PUBACKs of many connections written once what is being done now is done: of one commit there are hundreds. */
export class AckFlusher {
  #due: AckQueue[] = [];

  add(queue: AckQueue): void {
    if (this.#due.push(queue) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const due = this.#due;
    this.#due = [];
    for (const queue of due) queue.flush();
  }
}

/**
 * Answers the messages of one connection in the order in which they came [MQTT-4.6.0-2], whatever the order in which they
 * were dealt with. PUBACKs that leave together are one write.
 */
export class AckQueue {
  readonly #write: (bytes: Buffer) => void;
  readonly #flusher: AckFlusher;
  #held: Held[] = [];
  #head = 0;
  /** Packet ids to be acknowledged. */
  #ids: number[] = [];

  /** `write`: whole packets, to a connection that is still there. */
  constructor(write: (bytes: Buffer) => void, flusher: AckFlusher) {
    this.#write = write;
    this.#flusher = flusher;
  }

  /** Takes the next place. */
  hold(held: Held): void {
    this.#held.push(held);
  }

  /** One of those that are held has been dealt with. */
  ready(held: Held): void {
    held.ready = true;
    for (;;) {
      const next = this.#held[this.#head];
      if (next === undefined || !next.ready) break;
      this.#head++;
      if (this.#head === this.#held.length) {
        this.#held = [];
        this.#head = 0;
      } else if (this.#head > 1000) {
        this.#held = this.#held.slice(this.#head);
        this.#head = 0;
      }
      // Whatever is written by itself comes after what was due before.
      if (next.ackId === 0) this.flush();
      else if (this.#ids.push(next.ackId) === 1) this.#flusher.add(this);
      next.release();
    }
  }

  flush(): void {
    const ids = this.#ids;
    if (ids.length === 0) return;
    const bytes = Buffer.allocUnsafe(ids.length * 4);
    let at = 0;
    for (const id of ids) {
      bytes[at] = PUBACK;
      bytes[at + 1] = 2;
      bytes[at + 2] = id >> 8;
      bytes[at + 3] = id & 0xff;
      at += 4;
    }
    this.#ids = [];
    this.#write(bytes);
  }
}
