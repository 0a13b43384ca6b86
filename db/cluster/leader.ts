import { setTimeout as sleep } from 'node:timers/promises';
import type { Leader, Post } from '../domain/cluster.ts';
import type { Log } from '../domain/ports.ts';
import type { LockSession, Locks } from './locks.ts';

const TRY_EVERY_MS = 2000;

export interface LeaderDeps {
  locks: Locks;
  log: Log;
  tryEveryMs?: number;
}

export interface LeaderService extends Leader {
  start(): void;
  /** Gives up what it has, so that another node need not wait, and tries no more. */
  resign(): Promise<void>;
}

/** See `Leader`: whoever has the advisory lock of a post, for as long as its session lasts. */
export function createLeader({ locks, log, tryEveryMs = TRY_EVERY_MS }: LeaderDeps): LeaderService {
  const wanted = new Set<Post>();
  const held = new Map<Post, LockSession>();
  const listeners: [Post, () => void][] = [];
  const stopping = new AbortController();
  let running: Promise<void> | null = null;

  const holds = (post: Post) => held.get(post)?.open === true;

  const take = async (post: Post, session: LockSession) => {
    if (holds(post) || !(await session.take(post))) return;
    held.set(post, session);
    log.info({ post }, 'this node leads from now on');
    for (const [of, listener] of listeners) if (of === post) listener();
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        for (const post of wanted) {
          if (held.has(post) && !holds(post)) {
            held.delete(post);
            log.warn({ post }, 'this node leads no more');
          }
          const { session } = locks;
          if (session !== null && !stopping.signal.aborted) await take(post, session);
        }
      } catch (error) {
        log.debug({ err: error }, 'who leads cannot be told: trying again');
      }
      await sleep(tryEveryMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };

  return {
    holds: (post) => !stopping.signal.aborted && holds(post),
    stand: (post) => void wanted.add(post),
    onTaken: (post, listener) => void listeners.push([post, listener]),
    start: () => {
      running = run();
    },
    resign: async () => {
      stopping.abort();
      await running;
      for (const [post, session] of held) {
        // One that has ended has let go already.
        await session.give(post).catch(() => {});
      }
      held.clear();
    },
  };
}
