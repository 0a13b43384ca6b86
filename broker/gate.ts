import type { Fill } from '../db/metrics/queues.ts';

/** Bytes of payloads that may wait to be stored before devices are no longer read from. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

/**
 * Back-pressure for all devices together: closed while the writer has its fill or too many bytes wait. Nothing is
 * dropped; what is not read stays in the devices' sockets.
 */
export class IntakeGate {
  readonly #saturated: () => boolean;
  #heldBytes = 0;
  #full = false;
  #waiting = new Set<() => void>();

  constructor(saturated: () => boolean) {
    this.#saturated = saturated;
  }

  closed(): boolean {
    return this.#full || this.#saturated();
  }

  /** Bytes that wait to be stored. */
  fill(): Fill {
    return { depth: this.#heldBytes, limit: MAX_HELD_BYTES };
  }

  /** `resume` is called once the gate opens. */
  wait(resume: () => void): void {
    this.#waiting.add(resume);
  }

  /** Whoever has gone is not kept until then, which may be long. */
  leave(resume: () => void): void {
    this.#waiting.delete(resume);
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes > MAX_HELD_BYTES) this.#full = true;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
    if (this.#full && this.#heldBytes < MAX_HELD_BYTES / 2) {
      this.#full = false;
      this.open();
    }
  }

  /** Lets those go on who wait, if nothing keeps the gate closed. */
  open(): void {
    if (this.closed()) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const resume of waiting) resume();
  }
}
