interface Slot {
  ready: boolean;
  /** Of a PUBACK that is to be sent; 0: the callback sees to it. */
  packetId: number;
  callback: () => void;
}

/** Function that writes bytes to a connection that is still there. */
type Write = (bytes: Buffer) => void;

const PUBACK = 0x40;

/**
 * Answers the messages of one connection in the order in which they came [MQTT-4.6.0-2], whatever the order in which they
 * were dealt with. PUBACKs that leave together are one write.
 */
export class AckQueue {
  readonly #write: Write;
  #slots: Slot[] = [];
  #head = 0;
  /** Packet ids to be acknowledged. */
  #due: number[] = [];

  constructor(write: Write) {
    this.#write = write;
  }

  /** Takes the next place; the function it gives is called once, when the message has been dealt with. */
  hold(callback: () => void): () => void {
    return this.#take({ ready: false, packetId: 0, callback });
  }

  /** The same for a message that needs a PUBACK (`packetId` 0: none). `callback` is told just before it leaves. */
  holdPuback(packetId: number, callback: () => void): () => void {
    return this.#take({ ready: false, packetId, callback });
  }

  #take(slot: Slot): () => void {
    this.#slots.push(slot);
    return () => {
      slot.ready = true;
      this.#release();
    };
  }

  #release(): void {
    for (;;) {
      const slot = this.#slots[this.#head];
      if (slot === undefined || !slot.ready) break;
      this.#head++;
      if (this.#head === this.#slots.length) {
        this.#slots = [];
        this.#head = 0;
      } else if (this.#head > 1000) {
        this.#slots = this.#slots.slice(this.#head);
        this.#head = 0;
      }
      // Whatever the callback writes comes after what was due before.
      if (slot.packetId === 0) this.#flush();
      else if (this.#due.push(slot.packetId) === 1) queueMicrotask(() => this.#flush());
      slot.callback();
    }
  }

  #flush(): void {
    if (this.#due.length === 0) return;
    const bytes = Buffer.allocUnsafe(this.#due.length * 4);
    let at = 0;
    for (const id of this.#due) {
      bytes[at] = PUBACK;
      bytes[at + 1] = 2;
      bytes[at + 2] = id >> 8;
      bytes[at + 3] = id & 0xff;
      at += 4;
    }
    this.#due = [];
    this.#write(bytes);
  }
}
