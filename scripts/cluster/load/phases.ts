import { Quantiles } from '../../load-test/quantiles.ts';

/** What is seen from outside between one fault and the next. */
export interface Phase {
  name: string;
  /** `performance.now()`; null: it goes on. */
  endedAt: number | null;
  acknowledged: number;
  /** Longest time from the first sending of a reading to its acknowledgement. Milliseconds. */
  longestWait: number;
  /** Longest time without any acknowledgement from any node. Milliseconds. */
  longestSilence: number;
  /** Longest time that a poll did not show what had been acknowledged. Milliseconds. */
  longestStale: number;
  /** By status; `no connection` and `no answer` beside them. */
  polls: Record<string, number>;
  commands: Record<string, number>;
  /** From the request to 200 `executed`. */
  commandTimes: Quantiles;
  /** From the end of the fault until all is as before. Milliseconds; null: it had not come to that in time, or there was none. */
  recovered: number | null;
}

const begin = (name: string): Phase => ({
  name,
  endedAt: null,
  ...{ acknowledged: 0, longestWait: 0, longestSilence: 0, longestStale: 0 },
  ...{ polls: {}, commands: {}, commandTimes: new Quantiles(), recovered: null },
});

export const count = (counts: Record<string, number>, what: string): void => {
  counts[what] = (counts[what] ?? 0) + 1;
};

export function createPhases(first: string) {
  const all: Phase[] = [begin(first)];
  let lastAcknowledged = performance.now();
  const current = () => all.at(-1) as Phase;
  return {
    all: (): readonly Phase[] => all,
    current,
    /** To which a request belongs that began in `before` and has ended now: one that touched a fault belongs to the fault. */
    of: (before: Phase): Phase => (before.name === 'calm' ? current() : before),
    next: (name: string): Phase => {
      current().endedAt = performance.now();
      all.push(begin(name));
      return current();
    },
    acknowledged: (milliseconds: number): void => {
      const now = performance.now();
      const phase = current();
      phase.acknowledged++;
      phase.longestWait = Math.max(phase.longestWait, milliseconds);
      phase.longestSilence = Math.max(phase.longestSilence, now - lastAcknowledged);
      lastAcknowledged = now;
    },
  };
}

export type Phases = ReturnType<typeof createPhases>;
