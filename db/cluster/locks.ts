import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, isUnavailable } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import { atMost } from '../domain/within.ts';
import { createPatience } from '../patience.ts';

/** Any numbers that no other program on the server uses for an advisory lock; two more are in `migrate.ts` and `history/partitions.ts`. */
const LOCKS = {
  /** Of whoever uses the database: nodes of a cluster share it, a lone one has it alone. */
  use: 7_461_120_233,
  upkeep: 7_461_120_234,
  disk: 7_461_120_235,
  turn: 7_461_120_236,
  /** Held, by many at once, while waiting for a turn. */
  waiting: 7_461_120_237,
} as const;
export type LockName = keyof typeof LOCKS;

const RETRY_MS = 500;
const ASK_EVERY_MS = 2000;
const ANSWER_LIMIT_MS = 3000;
/**
 * The server ends the session of whoever has said nothing for so long, though its connection may look sound: a machine
 * without power, a process that hangs. By then a node that lives and is cut off has noticed itself.
 */
export const SILENCE_LIMIT_MS = 10_000;

/** The condition under which a row of `pg_locks` is this lock. */
export const isLock = (name: LockName): string => {
  const [high, low] = [Math.floor(LOCKS[name] / 2 ** 32), LOCKS[name] % 2 ** 32];
  return `locktype = 'advisory' and classid = ${high} and objid = ${low} and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())`;
};

/** A statement that takes a lock until the end of its transaction, and tells in `ok` whether it could. */
export const takeForTransaction = (name: LockName): string =>
  `select pg_try_advisory_xact_lock(${LOCKS[name]}) as ok`;

/** The connection that the locks hung on has ended, and they with it. */
export class LocksLostError extends Error {
  /** As of any other lost connection. */
  readonly code = 'CONNECTION_CLOSED';
}

/** One connection to the server, and the locks that last as long as it does. */
export interface LockSession {
  /** Of the server's process. */
  readonly pid: number;
  readonly open: boolean;
  /** Resolves once it is not open any more. */
  readonly ended: Promise<void>;
  /** false: somebody else has it. Throws when the session has ended. */
  take(name: LockName, how?: 'alone' | 'shared'): Promise<boolean>;
  give(name: LockName, how?: 'alone' | 'shared'): Promise<void>;
  /** Throws when the server does not answer. */
  ping(): Promise<void>;
  /** Is somebody else in possession of it? */
  isTaken(name: LockName): Promise<boolean>;
}

export interface Locks {
  /** null: the database is away. */
  readonly session: LockSession | null;
  /** Told of each session, before it is anybody's; waited for. */
  onOpen(begin: (session: LockSession) => Promise<void> | void): void;
}

export interface LocksService extends Locks {
  /** Resolves with the first session; waits for a server that is away. Throws when it cannot be used. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface LocksDeps {
  /** A client of one connection that lasts. */
  connect: (onClose: () => void) => Client;
  log: Log;
  /** What begins with a session has failed for good. */
  onFatal: (error: Error) => void;
}

async function openSession(connect: LocksDeps['connect']): Promise<LockSession & { close(): void }> {
  let open = true;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const close = () => {
    open = false;
    end();
  };
  const { sql, close: closeClient } = connect(close);
  // The driver would connect anew by itself, and nobody would know that the locks are gone.
  void ended.then(() => closeClient()).catch(() => {});
  const ask = async <T extends object>(text: string): Promise<T> => {
    const rows = open ? await sql.unsafe<T[]>(text) : [];
    const [row] = rows;
    if (!open || row === undefined) throw new LocksLostError('the connection to the database was lost');
    return row;
  };
  try {
    const { pid } = await ask<{ pid: number }>('select pg_backend_pid() as pid');
    return {
      pid,
      get open() {
        return open;
      },
      ended,
      close,
      take: async (name, how = 'alone') => {
        const suffix = how === 'shared' ? '_shared' : '';
        return (await ask<{ ok: boolean }>(`select pg_try_advisory_lock${suffix}(${LOCKS[name]}) as ok`)).ok;
      },
      give: async (name, how = 'alone') => {
        const suffix = how === 'shared' ? '_shared' : '';
        await ask(`select pg_advisory_unlock${suffix}(${LOCKS[name]})`);
      },
      ping: async () => {
        await ask('select 1 as ok');
      },
      isTaken: async (name) => {
        const text = `select exists (select 1 from pg_locks where ${isLock(name)} and pid <> pg_backend_pid()) as ok`;
        return (await ask<{ ok: boolean }>(text)).ok;
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** See `Locks`: a session after the other, each watched for its end. */
export function createLocks({ connect, log, onFatal }: LocksDeps): LocksService {
  const begins: ((session: LockSession) => Promise<void> | void)[] = [];
  const stopping = new AbortController();
  const isStopped = () => stopping.signal.aborted;
  let current: Awaited<ReturnType<typeof openSession>> | null = null;
  let running: Promise<void> = Promise.resolve();

  const pause = (milliseconds: number) =>
    sleep(milliseconds, undefined, { signal: stopping.signal }).catch(() => {});

  const open = async () => {
    const session = await openSession(connect);
    for (const begin of begins) await begin(session);
    current = session;
  };

  /** Asks whether the server is still there, until it is not. */
  const watch = async (session: Awaited<ReturnType<typeof openSession>>) => {
    while (session.open && !isStopped()) {
      await Promise.race([pause(ASK_EVERY_MS), session.ended]);
      const answer = session.ping().then(
        () => true,
        () => false,
      );
      const answered = await atMost(ANSWER_LIMIT_MS, answer, false);
      if (!answered) session.close();
    }
    if (isStopped()) return;
    log.warn({}, 'the database was lost, and the locks of this node with it: connecting anew');
  };

  const goOn = async () => {
    while (!isStopped()) {
      if (current !== null) await watch(current);
      current = null;
      try {
        if (isStopped()) break;
        await open();
        log.info({}, 'the database is back');
      } catch (error) {
        if (!isUnavailable(error)) return onFatal(error as Error);
        log.debug({ err: error }, 'no locks yet: trying again');
        await pause(RETRY_MS);
      }
    }
  };

  return {
    get session() {
      return current?.open === true ? current : null;
    },
    onOpen: (begin) => void begins.push(begin),
    start: async () => {
      const tell = createPatience(log);
      for (;;) {
        try {
          await open();
          break;
        } catch (error) {
          if (!isUnavailable(error)) throw error;
          tell(error);
          await sleep(2 * RETRY_MS);
        }
      }
      running = goOn();
    },
    stop: async () => {
      stopping.abort();
      const last = current;
      await running;
      last?.close();
      current?.close();
    },
  };
}
