import { setTimeout as sleep } from 'node:timers/promises';
import type { Executor } from '../client.ts';
import { createTurns, type Turns } from '../history/turns.ts';
import { isLock, type LockSession, type Locks, LocksLostError } from './locks.ts';

const LOOK_AGAIN_MS = 50;
/** Left to those who wait when a turn ends: some of their looks. */
const YIELD_MS = 200;
/** For a connection that was lost. After it, as without a database. */
const NO_SESSION_LIMIT_MS = 8000;

/**
 * Turns over all nodes, by an advisory lock. A lock may be lost with its connection while its turn goes on: so whoever
 * takes a turn waits for those who are writing, and whoever writes what it has read before makes sure, with `guard`, that
 * the turn is still its own.
 */
export function createSharedTurns({ locks, sql }: { locks: Locks; sql: Executor }): Turns {
  const queue = createTurns();
  /** Whose turn it is here. */
  let holder: LockSession | null = null;
  let yieldUntil = 0;

  const sessionInTime = async (): Promise<LockSession> => {
    for (const end = performance.now() + NO_SESSION_LIMIT_MS; performance.now() < end; ) {
      if (locks.session !== null) return locks.session;
      await sleep(LOOK_AGAIN_MS);
    }
    throw new LocksLostError('the database is away: no turn');
  };

  const take = async (): Promise<LockSession> => {
    await sleep(Math.max(0, yieldUntil - performance.now()));
    const session = await sessionInTime();
    if (await session.take('turn')) return session;
    await session.take('waiting', 'shared');
    try {
      while (!(await session.take('turn'))) await sleep(LOOK_AGAIN_MS);
    } finally {
      await session.give('waiting', 'shared');
    }
    return session;
  };

  const run: Turns['run'] = (task) =>
    queue.run(async () => {
      const session = await take();
      holder = session;
      try {
        // Those who wrote in a turn that they have lost end first.
        await sql.unsafe('select 1 from history_state for update');
        return await task();
      } finally {
        holder = null;
        try {
          const [, awaited] = await Promise.all([session.give('turn'), session.isTaken('waiting')]);
          if (awaited) yieldUntil = performance.now() + YIELD_MS;
        } catch {
          // It went with its session.
        }
      }
    });

  const guard = async (tx: Executor): Promise<void> => {
    await tx.unsafe('select 1 from history_state for update');
    const mine = `select 1 from pg_locks where ${isLock('turn')} and pid = ${holder?.pid ?? 0} and granted`;
    if ((await tx.unsafe(mine)).length === 0) {
      throw new LocksLostError('the turn was lost with its connection: trying again');
    }
  };

  return { run, guard };
}
