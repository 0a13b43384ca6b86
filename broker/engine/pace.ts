/** Seconds' worth that may come at once, after a time of quiet. */
const BURST_SECONDS = 1;

/** A token bucket: `rate` a second in the long run. No timers. */
export class Pace {
  readonly #rate: number;
  #left: number;
  #at: number;

  /** Times: milliseconds. */
  constructor(rate: number, now: number) {
    this.#rate = rate;
    this.#left = rate * BURST_SECONDS;
    this.#at = now;
  }

  /** May overdraw: what is too much now is waited for afterwards. */
  take(amount: number): void {
    this.#left -= amount;
  }

  get spent(): boolean {
    return this.#left <= 0;
  }

  /** Milliseconds until something may be taken again; 0: now. */
  wait(now: number): number {
    if (this.#left > 0) return 0;
    this.#left = Math.min(this.#left + ((now - this.#at) / 1000) * this.#rate, this.#rate * BURST_SECONDS);
    this.#at = now;
    return this.#left > 0 ? 0 : Math.ceil(((1 - this.#left) / this.#rate) * 1000);
  }
}
