import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 200;

/** Waits until so many rows are there, at most `limitMs`. */
export async function untilDrained(
  rows: () => Promise<number>,
  expected: number,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while ((await rows()) < expected && performance.now() < deadline) await sleep(LOOK_EVERY_MS);
}
