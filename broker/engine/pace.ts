/** Seconds' worth that may come at once, after a time of quiet. */
const BURST_SECONDS = 1;

/** A token bucket: `rate` a second in the long run. No timers. */
export class Pace {
  readonly #rate: number;
  #left: number;
  #at: number;

  /** Times: milliseconds that never go back. */
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

  /** To be told before something is taken: what has passed in quiet counts as one burst, not as two. */
  refill(now: number): void {
    this.#left = Math.min(this.#left + ((now - this.#at) / 1000) * this.#rate, this.#rate * BURST_SECONDS);
    this.#at = now;
  }

  /** Milliseconds until something may be taken again; 0: now. */
  wait(now: number): number {
    if (this.#left > 0) return 0;
    this.refill(now);
    return this.#left > 0 ? 0 : Math.ceil(((1 - this.#left) / this.#rate) * 1000);
  }

  /** Would a new one be the same? */
  isFresh(now: number): boolean {
    this.refill(now);
    return this.#left >= this.#rate * BURST_SECONDS;
  }
}

export interface Paces {
  packets: Pace;
  bytes: Pace;
}

export interface PaceLimits {
  packetsPerSecond: number;
  bytesPerSecond: number;
}

/** Looked through for those that can be forgotten when there are so many more. */
const SWEEP_EVERY = 1000;

/** The paces of client ids, so that to reconnect gains nothing. Those of whoever has been quiet are forgotten. */
export class PaceBook {
  readonly #byId = new Map<string, Paces>();
  readonly #limits: PaceLimits;
  #sweepAt = SWEEP_EVERY;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  create(now: number): Paces {
    const { packetsPerSecond, bytesPerSecond } = this.#limits;
    return { packets: new Pace(packetsPerSecond, now), bytes: new Pace(bytesPerSecond, now) };
  }

  /** Of a client id that has shown whose it is. */
  of(id: string, now: number): Paces {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    if (this.#byId.size >= this.#sweepAt) this.#sweep(now);
    const made = this.create(now);
    this.#byId.set(id, made);
    return made;
  }

  #sweep(now: number): void {
    for (const [id, { packets, bytes }] of this.#byId) {
      if (packets.isFresh(now) && bytes.isFresh(now)) this.#byId.delete(id);
    }
    this.#sweepAt = this.#byId.size + SWEEP_EVERY;
  }
}
