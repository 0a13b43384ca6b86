import type { Micros } from './types.ts';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Time of arrival in microseconds: never the same twice in one process, so that it can identify a reading. With `count`
   * so many microseconds in a row are taken, of which this is the first.
   */
  arrival(count?: number): Micros;
  /** False while the machine's clock is plainly wrong: before the program was made, or before the newest stored reading. */
  trusted(): boolean;
  /** A reading of this time has been stored. */
  stored(at: Micros): void;
  /** The time that has certainly passed (milliseconds), to be kept across restarts. */
  watermark(): number;
}

/** A clock set back by less than this (an NTP step, a second box's reading ahead of ours) is not "plainly wrong". */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * @param now the machine's clock, milliseconds
 * @param knownPast a time that has certainly passed: when the program was made, or the watermark of an earlier run
 */
export function createClock(now: () => number, knownPast: number): Clock {
  let lastArrival = 0;
  let passed = knownPast;
  const trusted = () => now() >= passed - CLOCK_TOLERANCE_MS;
  return {
    now,
    arrival: (count = 1) => {
      const first = Math.max(now() * 1000, lastArrival + 1);
      lastArrival = first + count - 1;
      return first;
    },
    trusted,
    stored: (at) => {
      // While the clock is wrong any time is stored, and none of them proves anything.
      if (trusted()) passed = Math.max(passed, Math.floor(at / 1000));
    },
    watermark: () => passed,
  };
}
