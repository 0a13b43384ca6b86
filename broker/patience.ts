import { setTimeout as sleep } from 'node:timers/promises';
import { isUnavailable } from '../db/client.ts';
import type { Session } from './sessions.ts';

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2000;

/**
 * Runs `task` until the database answers: a message of a device waits unacknowledged meanwhile. Gives up, with the
 * database's error, once the connection has ended (the device will send it again). `task` must bear repetition.
 */
export async function untilStored<T>(session: Session, task: () => Promise<T>): Promise<T> {
  for (let delay = RETRY_MIN_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
    try {
      return await task();
    } catch (error) {
      if (!isUnavailable(error) || session.client.closed) throw error;
      await sleep(delay);
    }
  }
}
