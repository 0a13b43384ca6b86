/**
 * Releases the callbacks of one connection in the order in which its messages came [MQTT-4.6.0-2], whatever the
 * order in which they were dealt with.
 */
export class AckQueue {
  #slots: { ready: boolean; callback: () => void }[] = [];
  #head = 0;

  /** Takes the next place; the function it gives is called once, when the message has been dealt with. */
  hold(callback: () => void): () => void {
    const slot = { ready: false, callback };
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
      slot.callback();
    }
  }
}
