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
  // Lists that are used again and again: to empty one costs more than all that is done with it.
  readonly #held: (Held | undefined)[] = [];
  #head = 0;
  #tail = 0;
  /** Packet ids to be acknowledged. */
  readonly #ids: number[] = [];
  #due = 0;

  /** `write`: whole packets, to a connection that is still there. */
  constructor(write: (bytes: Buffer) => void, flusher: AckFlusher) {
    this.#write = write;
    this.#flusher = flusher;
  }

  /** Is nothing held, and nothing due? */
  get idle(): boolean {
    return this.#head === this.#tail && this.#due === 0;
  }

  /** Takes the next place. */
  hold(held: Held): void {
    this.#held[this.#tail++] = held;
  }

  /** One of those that are held has been dealt with. */
  ready(held: Held): void {
    held.ready = true;
    for (;;) {
      const next = this.#held[this.#head];
      if (next === undefined || !next.ready) break;
      this.#held[this.#head++] = undefined;
      if (this.#head === this.#tail) {
        this.#head = 0;
        this.#tail = 0;
      } else if (this.#head > 1000) {
        this.#held.splice(0, this.#head);
        this.#tail -= this.#head;
        this.#head = 0;
      }
      // Whatever is written by itself comes after what was due before.
      if (next.ackId === 0) this.flush();
      else {
        this.#ids[this.#due++] = next.ackId;
        if (this.#due === 1) this.#flusher.add(this);
      }
      next.release();
    }
  }

  flush(): void {
    const count = this.#due;
    if (count === 0) return;
    this.#due = 0;
    const bytes = Buffer.allocUnsafe(count * 4);
    for (let i = 0; i < count; i++) {
      const id = this.#ids[i] ?? 0;
      const at = i * 4;
      bytes[at] = PUBACK;
      bytes[at + 1] = 2;
      bytes[at + 2] = id >> 8;
      bytes[at + 3] = id & 0xff;
    }
    this.#write(bytes);
  }
}
