import { monotonic } from './time.ts';
import type { Micros } from './types.ts';

export interface Clock {
  /**
   * Milliseconds since the epoch, as well as they are known: of the machine's clock while that can be believed, or else what
   * has certainly passed, and the time since then that this process has seen pass.
   */
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
 * @param machine the machine's clock, milliseconds
 * @param knownPast a time that has certainly passed: when the program was made, or the watermark of an earlier run
 * @param elapsed milliseconds that no clock adjustment moves
 */
export function createClock(machine: () => number, knownPast: number, elapsed = monotonic): Clock {
  let lastArrival = 0;
  let passed = knownPast;
  let passedAt = elapsed();
  const believable = (time: number) => time >= passed - CLOCK_TOLERANCE_MS;
  const trusted = () => believable(machine());
  const now = () => {
    const time = machine();
    return believable(time) ? time : Math.round(passed + elapsed() - passedAt);
  };
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
      const time = Math.floor(at / 1000);
      if (time <= passed || !trusted()) return;
      passed = time;
      passedAt = elapsed();
    },
    watermark: () => passed,
  };
}
