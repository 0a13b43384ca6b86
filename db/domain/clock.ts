import type { Micros } from './types.ts';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Time of arrival in microseconds: never the same twice in one process, so that it can identify a reading. */
  arrival(): Micros;
  /** False while the machine's clock is plainly wrong: before the program was made, or before it last ran. */
  trusted(): boolean;
  /** The latest time this installation is known to have seen, to be kept across restarts. */
  watermark(): number;
}

/** A clock set back by less than this (an NTP step, a second box's reading ahead of ours) is not "plainly wrong". */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * @param now the machine's clock, milliseconds
 * @param knownPast a time that has certainly passed: when the program was made, or what an earlier run saw
 */
export function createClock(now: () => number, knownPast: number): Clock {
  let lastArrival = 0;
  let seen = knownPast;
  const trusted = () => {
    const time = now();
    if (time < seen - CLOCK_TOLERANCE_MS) return false;
    if (time > seen) seen = time;
    return true;
  };
  return {
    now,
    arrival: () => {
      lastArrival = Math.max(now() * 1000, lastArrival + 1);
      return lastArrival;
    },
    trusted,
    watermark: () => {
      trusted();
      return seen;
    },
  };
}
