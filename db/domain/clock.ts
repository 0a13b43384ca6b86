import { monotonic } from './time.ts';
import type { Micros } from './types.ts';

export interface Clock {
  /**
   * Milliseconds since the epoch, as well as they are known: of the machine's clock while that can be believed, or else what
   * has certainly passed, and the time since then that this process has seen pass.
   */
  now(): number;
  /**
   * Time of arrival in microseconds: never the same twice in one process (where the clock was set back by more than a little,
   * hardly ever), so that it can identify a reading. With `count`
   * so many microseconds in a row are taken, of which this is the first.
   */
  arrival(count?: number): Micros;
  /** False while the machine's clock is plainly wrong: before the program was made, or before the newest stored reading. */
  trusted(): boolean;
  /** A reading of this time has been stored. */
  stored(at: Micros): void;
  /** The time that has certainly passed (milliseconds), to be kept across restarts. */
  watermark(): number;
  /** The watermark that is kept was found to be of a clock that ran ahead: this one takes its place. */
  corrected(): boolean;
}

/** A clock set back by less than this (an NTP step, a second box's reading ahead of ours) is not "plainly wrong". */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** More than this at once, and the clock may have leapt far ahead, to be set right later. */
const LEAP_MS = 7 * 86_400_000;
/** A time that it leapt to is taken for certain once the process has seen it stay for so long. */
const PROVEN_AFTER_MS = 3_600_000;
/** A time so far behind what was taken for certain is believed after this: the clock ran ahead when that was stored. */
const BELIEVED_AFTER_MS = 86_400_000;

/**
 * @param machine the machine's clock, milliseconds
 * @param knownPast a time that has certainly passed: when the program was made, or the watermark of an earlier run
 * @param built when the program was made: beyond doubt, which `knownPast` is not, if the clock ran ahead for hours once
 * @param elapsed milliseconds that no clock adjustment moves
 */
export function createClock(
  machine: () => number,
  knownPast: number,
  { built = knownPast, elapsed = monotonic } = {},
): Clock {
  let lastArrival = 0;
  /** Of the millisecond, at which the first arrival in it is. */
  let micros = 0;
  let passed = knownPast;
  let passedAt = elapsed();
  /** When the first reading of after a leap was stored. */
  let leaptAt: number | null = null;
  /** Since when the clock of the machine is far behind, and yet possible. */
  let behindSince: number | null = null;
  let corrected = false;
  const believable = (time: number): boolean => {
    const isFarBehind = time < passed - LEAP_MS && time >= built - CLOCK_TOLERANCE_MS;
    behindSince = isFarBehind ? (behindSince ?? elapsed()) : null;
    if (behindSince !== null && elapsed() - behindSince >= BELIEVED_AFTER_MS) {
      passed = time;
      passedAt = elapsed();
      behindSince = null;
      corrected = true;
    }
    return time >= passed - CLOCK_TOLERANCE_MS;
  };
  const trusted = () => believable(machine());
  const now = () => {
    const time = machine();
    return believable(time) ? time : Math.round(passed + elapsed() - passedAt);
  };
  return {
    now,
    arrival: (count = 1) => {
      const time = now();
      if (lastArrival > (time + CLOCK_TOLERANCE_MS) * 1000) {
        // The clock ran ahead. Between the times that it tells once more, none is told twice but by chance.
        lastArrival = 0;
        micros = Math.floor(Math.random() * 1000);
      }
      const first = Math.max(time * 1000 + micros, lastArrival + 1);
      lastArrival = first + count - 1;
      return first;
    },
    trusted,
    stored: (at) => {
      // While the clock is wrong any time is stored, and none of them proves anything.
      const time = Math.floor(at / 1000);
      if (time <= passed || !trusted()) return;
      // A year that is yet to come would keep readings waiting until it has come.
      if (time - passed - (elapsed() - passedAt) <= LEAP_MS) leaptAt = null;
      else {
        leaptAt ??= elapsed();
        if (elapsed() - leaptAt < PROVEN_AFTER_MS) return;
        leaptAt = null;
      }
      passed = time;
      passedAt = elapsed();
    },
    watermark: () => passed,
    corrected: () => corrected,
  };
}
