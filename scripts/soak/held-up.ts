const LOOK_EVERY_MS = 100;
/** So late a look was held up: by the machine, or by this process. */
const LATE_MS = 2000;
/** Whoever waits for an answer gives up after ten seconds. */
const MATTERS_MS = 12_000;

/**
 * Watches whether this process gets its turns. After one that came late, the timer of an answer that has long been in
 * the socket may end before the answer is read: that tells nothing about the server.
 */
export function watchTurns(): { heldUp: () => boolean; stop: () => void } {
  let last = performance.now();
  let lateAt = Number.NEGATIVE_INFINITY;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last > LATE_MS) lateAt = now;
    last = now;
  }, LOOK_EVERY_MS);
  return {
    heldUp: () => performance.now() - lateAt < MATTERS_MS,
    stop: () => clearInterval(timer),
  };
}
