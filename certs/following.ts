import type { Log } from '../db/domain/ports.ts';
import { monotonic } from '../db/domain/time.ts';

/** Certificates that may be made for new names one after the other, and the time after which there may be one more. */
const AT_ONCE = 10;
const ONE_MORE_MS = 600_000;

/** A machine whose addresses come and go without end makes no certificate without end. */
export function createFollowing(log: Log): () => boolean {
  let left = AT_ONCE;
  let at = monotonic();
  let told = false;
  return () => {
    const time = monotonic();
    left = Math.min(AT_ONCE, left + (time - at) / ONE_MORE_MS);
    at = time;
    if (left >= 1) {
      left -= 1;
      told = false;
      return true;
    }
    if (!told) {
      log.warn(
        {},
        'names of this machine change without end: its certificate follows every ten minutes at most',
      );
    }
    told = true;
    return false;
  };
}
