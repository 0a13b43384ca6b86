import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 200;
/** A writer that stores nothing for so long has nothing left, or will not. */
const QUIET_MS = 2000;

/** Waits until so many rows are there or no more come, at most `limitMs`. Gives how many there are, and when the last was seen to come. */
export async function untilDrained(rows: () => Promise<number>, expected: number, limitMs: number) {
  const deadline = performance.now() + limitMs;
  let count = await rows();
  let changedAt = performance.now();
  while (count < expected && performance.now() < deadline && performance.now() - changedAt < QUIET_MS) {
    await sleep(LOOK_EVERY_MS);
    const now = await rows();
    if (now === count) continue;
    count = now;
    changedAt = performance.now();
  }
  return { count, at: changedAt };
}
