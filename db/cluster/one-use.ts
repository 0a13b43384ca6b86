import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../domain/ports.ts';
import { type LockSession, SILENCE_LIMIT_MS } from './locks.ts';

/** The session of a node that ended without a word lasts as long as the server bears its silence. */
const WAIT_MS = SILENCE_LIMIT_MS + 2000;
const LOOK_AGAIN_MS = 250;

/** Another node uses the database, and the two know nothing of each other. */
export class DatabaseInUseError extends Error {}

/**
 * Two nodes that do not know of each other would undo each other's work unseen. So a lone node has the database alone, and
 * those of a cluster share it. Waits a little: the node before this one may just have ended. Throws DatabaseInUseError.
 */
export async function takeUse(
  session: Pick<LockSession, 'take'>,
  how: 'alone' | 'shared',
  log: Log,
  waitMs = WAIT_MS,
): Promise<void> {
  const end = performance.now() + waitMs;
  for (let first = true; !(await session.take('use', how)); first = false) {
    if (first) log.warn({}, 'another node uses this database: waiting for it to end');
    if (performance.now() > end) {
      throw new DatabaseInUseError(
        'another node uses this database: set REDIS_URL on all of them, or stop it',
      );
    }
    await sleep(LOOK_AGAIN_MS);
  }
}
