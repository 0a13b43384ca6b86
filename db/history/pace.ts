import { setTimeout as sleep } from 'node:timers/promises';

/** Work between two rests: shorter than what a person, or an acknowledgement, would notice. */
const SLICE_MS = 5;
/** Rest after a slice, in times of its length: while devices report much, and while they do not. */
const BUSY = 3;
const IDLE = 0.25;
const LONGEST_MS = 200;

/** Called between small pieces of work, so that what is done in the background takes a small share of the machine. */
export type Pace = () => Promise<void>;

export function createPace(busy: () => boolean): Pace {
  let resumed = performance.now();
  return async () => {
    const worked = performance.now() - resumed;
    if (worked < SLICE_MS) return;
    await sleep(Math.min(worked * (busy() ? BUSY : IDLE), LONGEST_MS));
    resumed = performance.now();
  };
}

/** Readings a second above which devices report much. */
const MUCH = 500;

/** How much is stored just now. `now`: milliseconds that no clock adjustment moves. */
export function createLoad(now: () => number) {
  let since = now();
  let count = 0;
  let rate = 0;
  const turn = () => {
    const passed = now() - since;
    if (passed < 1000) return;
    rate = (count * 1000) / passed;
    since = now();
    count = 0;
  };
  return {
    stored(readings: number): void {
      turn();
      count += readings;
    },
    busy(): boolean {
      turn();
      return rate > MUCH || count > MUCH;
    },
  };
}
