import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { isLoopback } from './domain/address.ts';
import { socketTarget } from './domain/database-url.ts';
import type { Log } from './domain/ports.ts';
import * as schema from './schema/index.ts';
import { createWatchedSockets } from './watched-sockets.ts';

/** The pool, or a transaction of it. */
export type Executor = Pick<postgres.Sql, 'unsafe'>;
export type Database = PostgresJsDatabase<typeof schema>;

/** Connections of the pool for a server of its own; the embedded database has one backend. */
export const POOL_SIZE = 10;
/** Seconds. */
const CONNECT_TIMEOUT_S = 5;
const MAX_LIFETIME_S = 3600;
/** A statement that takes longer than this has met a fault: everything here is short. Milliseconds. */
const STATEMENT_TIMEOUT_MS = 8000;
const IDLE_TRANSACTION_TIMEOUT_MS = 8000;
/** After a lost connection: seconds until the next try, by number of tries. */
const backoff = (attempt: number) => Math.min(0.05 * 2 ** attempt, 1);

export type ConnectTarget = { url: string } | { socketPath: string };

export interface Client {
  sql: postgres.Sql;
  db: Database;
  /** Waits for running statements, at most a few seconds. */
  close(): Promise<void>;
  /** Waits for nothing. */
  abort(): Promise<void>;
}

/** A statement with more parameters is one of many shapes (rows of an insert), not worth keeping on the server. */
const MAX_PREPARED_PARAMETERS = 40;

/** Drizzle asks for unprepared statements, of which each costs two round trips and waits for the one before. */
function preparing<S extends postgres.ISql>(sql: S): S {
  const unsafe = sql.unsafe.bind(sql);
  const prepared: typeof sql.unsafe = (text, parameters, options) =>
    unsafe(text, parameters, { ...options, prepare: (parameters?.length ?? 0) <= MAX_PREPARED_PARAMETERS });
  return new Proxy(sql, {
    get: (target, name, receiver) => {
      if (name === 'unsafe') return prepared;
      if (name !== 'begin') return Reflect.get(target, name, receiver);
      const { begin } = target as unknown as postgres.Sql;
      // The form that Drizzle uses.
      return (work: (tx: postgres.TransactionSql) => unknown) => begin((tx) => work(preparing(tx)));
    },
  });
}

/**
 * Did the connection itself break, in place of an answer? The driver and Node tell an `errno`; who says of something else that
 * it is away, such as a lock, does not.
 */
function isLost(error: unknown): boolean {
  if (error instanceof postgres.PostgresError || !(error instanceof Error)) return false;
  return error.cause === undefined ? 'errno' in error && isUnavailable(error) : isLost(error.cause);
}

/**
 * After a failure the driver writes ROLLBACK, also where the connection itself was lost: to a socket that is no more, which
 * throws outside of any promise and ends the process. So of a loss it is not told; it ends such a transaction by itself.
 */
function bearLosses(sql: postgres.Sql): void {
  type Work = (tx: postgres.TransactionSql) => unknown;
  const begin = sql.begin as (options: string, work: Work) => Promise<unknown>;
  const bearing =
    (work: Work): Work =>
    async (tx) => {
      try {
        const done = work(tx);
        return await (Array.isArray(done) ? Promise.all(done) : done);
      } catch (error) {
        if (isLost(error)) return new Promise(() => {});
        throw error;
      }
    };
  Object.assign(sql, {
    begin: (first: string | Work, second?: Work) =>
      typeof first === 'string' ? begin(first, bearing(second as Work)) : begin('', bearing(first)),
  });
}

/** TLS unless the server is on this machine or the URL says otherwise; `verify-full` checks the certificate as well. */
export function tlsOption(url: URL): false | 'require' | 'verify-full' {
  const mode = url.searchParams.get('sslmode');
  if (mode === 'disable') return false;
  if (mode === 'verify-full' || mode === 'verify-ca') return 'verify-full';
  if (mode !== null) return 'require';
  return url.hostname === '' || isLoopback(url.hostname) ? false : 'require';
}

/** Of a connection that is more than a place in a pool. */
export interface ConnectionUse {
  onNotify?: (payload: string) => void;
  onClose?: () => void;
  /** Counts what the pool is asked. */
  measured?: (sql: postgres.Sql) => postgres.Sql;
  /** Milliseconds of silence after which the server ends it. */
  silenceLimit?: number;
  /**
   * Its statements and transactions may take hours. Who watches a pool asks through it: of one connection that is busy it
   * would hear nothing, and break it off.
   */
  long?: boolean;
}

/** Opens no connection yet: the first statement does. */
export function connect(
  target: ConnectTarget,
  log: Log,
  poolSize = POOL_SIZE,
  told: ConnectionUse = {},
): Client {
  const common = {
    connect_timeout: CONNECT_TIMEOUT_S,
    fetch_types: false,
    prepare: true,
    backoff,
    onnotice: (notice: postgres.Notice) => log.debug({ notice: notice.message }, 'notice of the database'),
    ...(told.onClose && { onclose: told.onClose }),
    ...({ onnotify: (_channel: string, payload: string) => told.onNotify?.(payload) } as object),
  } satisfies postgres.Options<Record<string, never>>;
  const sockets = createWatchedSockets();
  const pool =
    'socketPath' in target
      ? postgres({
          ...common,
          path: target.socketPath,
          database: 'postgres',
          username: 'postgres',
          max: 1,
          // The one backend lives as long as the process.
          max_lifetime: null,
        })
      : postgres(withoutOptions(target.url), {
          ...common,
          ...socketTarget(new URL(target.url)),
          max: poolSize,
          // Whoever listens would miss what is told while it connects anew, and locks end with their connection.
          max_lifetime: told.onClose === undefined && !told.long ? MAX_LIFETIME_S : null,
          ssl: tlsOption(new URL(target.url)),
          ...({ socket: sockets.open } as object),
          connection: {
            application_name: 'pm-iot',
            statement_timeout: STATEMENT_TIMEOUT_MS,
            idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
            ...(told.silenceLimit !== undefined && { idle_session_timeout: told.silenceLimit }),
          },
        });
  bearLosses(pool);
  if ('url' in target && !told.long) void sockets.watch(pool, log);
  const sql = told.measured?.(pool) ?? pool;
  const end = async (seconds: number) => {
    sockets.stop();
    await pool.end({ timeout: seconds });
  };
  return {
    sql,
    db: drizzle(preparing(sql), { schema }),
    close: () => end(3),
    abort: () => end(0),
  };
}

/** What the driver would hand to the server as settings. */
function withoutOptions(url: string): string {
  const parsed = new URL(url);
  const ours = socketTarget(parsed) === null ? ['sslmode'] : ['sslmode', 'host', 'port', 'user'];
  for (const name of ours) parsed.searchParams.delete(name);
  return parsed.href;
}

const UNAVAILABLE_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // The server shuts down, crashed, or is still starting; has no connection or no disk left; gave up on a statement or a transaction.
  '57P01',
  '57P02',
  '57P03',
  '57014',
  '25P03',
  '53300',
  '53100',
]);

/** Is the database away, so that the same may succeed later? Looks through wrapped errors. */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && typeof error.code === 'string') {
    if (UNAVAILABLE_CODES.has(error.code) || error.code.startsWith('08')) return true;
    // The embedded database is being started again: its socket is not there yet.
    if (error.code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect') return true;
  }
  if (error instanceof AggregateError && error.errors.some(isUnavailable)) return true;
  return 'cause' in error && isUnavailable(error.cause);
}
