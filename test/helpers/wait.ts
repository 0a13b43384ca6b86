const LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** Asks until the answer is neither false nor null nor undefined. When time is up, `seen` tells what was there instead. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  seen?: () => string,
  limitMs = LIMIT_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) {
      return answer as Exclude<T, false | null | undefined>;
    }
    if (Date.now() > deadline) {
      throw new Error(`in vain waited until ${what}${seen === undefined ? '' : `; seen: ${seen()}`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
