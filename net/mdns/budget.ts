/** Of one link; what comes beyond is not even read. */
const PACKETS_PER_SECOND = 100;
const PACKETS_AT_ONCE = 200;
/** A packet that takes a millisecond counts for so many: some are made of names that are long to follow. */
const PACKETS_PER_MS = 2;

export interface Budget {
  /** May one more packet be read? */
  take(): boolean;
  /** Milliseconds that the last one took. */
  spent(milliseconds: number): void;
}

/** Keeps what a neighbour sends from taking more than a twentieth of the time that there is for devices. */
export function createBudget(monotonic: () => number): Budget {
  let left = PACKETS_AT_ONCE;
  let at = monotonic();
  return {
    take: () => {
      const time = monotonic();
      left = Math.min(PACKETS_AT_ONCE, left + ((time - at) * PACKETS_PER_SECOND) / 1000);
      at = time;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    spent: (milliseconds) => {
      // Of a machine that was busy with something else just then, it is not silent for longer than a second.
      left = Math.max(-PACKETS_PER_SECOND, left - milliseconds * PACKETS_PER_MS);
    },
  };
}
