import type { Clock } from '../../web/state/clock.ts';

interface Timer {
  at: number;
  run: () => void;
}

/** Whatever has been answered is told to all who wait for it. */
export async function settled(): Promise<void> {
  // The text of an answer takes several turns.
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands still until it is moved. */
export class HandClock implements Clock {
  #now = Date.parse('2026-03-01T08:00:00Z');
  readonly #timers = new Set<Timer>();
  chance = 0.5;

  now = () => this.#now;
  random = () => this.chance;
  after = (ms: number, run: () => void) => {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** Milliseconds to the next timer; null: there is none. */
  get next(): number | null {
    const times = [...this.#timers].map(({ at }) => at);
    return times.length === 0 ? null : Math.min(...times) - this.#now;
  }

  /** Runs what falls due, each thing at its time. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [first] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (first === undefined) break;
      this.#timers.delete(first);
      this.#now = Math.max(this.#now, first.at);
      first.run();
      await settled();
    }
    this.#now = end;
    await settled();
  }
}
