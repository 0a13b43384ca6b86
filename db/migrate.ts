import { setTimeout as sleep } from 'node:timers/promises';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { knownMigrations, migrationsFolder } from './built-at.ts';
import { type ConnectTarget, connect, type Database, isUnavailable } from './client.ts';
import type { Log } from './domain/ports.ts';
import { DatabaseVersionError, UpgradeError } from './upgrade/errors.ts';
import { migrationWith, readStanding, type Standing } from './upgrade/standing.ts';

/** Any number that no other program on the server uses for an advisory lock. */
const LOCK = 7_461_120_231;
/** `server_version_num` of PostgreSQL 14. */
const OLDEST_SERVER = 140_000;
const TELL_EVERY_MS = 15_000;
/** Nodes of the version before go on meanwhile, and may hold what is wanted here: a deadlock, or what was changed just then. */
const IN_THE_WAY = new Set(['40P01', '40001', '55P03']);
const MAX_TRIES = 5;
const TRY_AGAIN_MS = 1000;
const DISK_FULL = '53100';
/** Not on every system. */
const LOOK_FOR_CLIENT = "set client_connection_check_interval = '2s'";

export interface Upgrade {
  /** Names of the newest migrations, before and after it. */
  from: string;
  to: string;
  /** Of the database, before it. */
  bytes: number;
}

/** What is done about a database that has data, before its migrations are run. */
export interface UpgradeCare {
  /** Resolves with the path of the file; null: none is wanted. Errors: UpgradeError. */
  backUp(upgrade: Upgrade): Promise<string | null>;
  /** The newest backup that this version can start on; null: there is none. */
  findBackup(): string | null;
  /** Ends the database before its disk is full; gives what ends the watch. */
  watchRoom?(): () => void;
}

const NO_CARE: UpgradeCare = { backUp: async () => null, findBackup: () => null };

/**
 * Brings the database up to date, one process at a time, in one transaction. Errors: DatabaseVersionError when it is too new
 * or too old, UpgradeError when it is as it was before.
 */
export async function migrate(target: ConnectTarget, log: Log, care: UpgradeCare = NO_CARE): Promise<void> {
  // The lock belongs to a connection: a client of one.
  const { sql, db, close } = connect(target, log, 1, { long: true });
  try {
    const [server] = await sql<{ number: string; name: string }[]>`
      select current_setting('server_version_num') as number, current_setting('server_version') as name`;
    if (Number(server?.number) < OLDEST_SERVER) {
      throw new DatabaseVersionError(`PostgreSQL 14 or newer is needed, this server is ${server?.name}`);
    }
    await sql`set statement_timeout = 0`;
    // A node that was killed must not keep the next one waiting until its statement is done.
    if ('url' in target) await sql.unsafe(LOOK_FOR_CLIENT).catch(() => {});
    await takeLock(sql, log);
    const standing = await readStanding(sql);
    if (standing?.newer) throw tooNew(standing, care.findBackup());
    if (standing === null) await runMigrations(db, { migrationsFolder: migrationsFolder() });
    else if (standing.pending.length > 0) await upgrade(standing);
  } finally {
    await close();
  }

  async function upgrade(standing: Standing): Promise<void> {
    const { at: from, pending } = standing;
    const to = pending.at(-1) ?? from;
    const [size] = await sql<{ bytes: string }[]>`select pg_database_size(current_database()) as bytes`;
    const backup = await care.backUp({ from, to, bytes: Number(size?.bytes ?? 0) });
    log.info({ from, to, migrations: pending.length }, 'upgrading the database');
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    const timer = setInterval(
      () => log.info({ to, seconds: seconds() }, 'still upgrading the database'),
      TELL_EVERY_MS,
    );
    const endWatch = care.watchRoom?.();
    try {
      await runTogether(db, log);
    } catch (error) {
      // A server that went away comes back, and has undone what was not committed. The embedded one had no room.
      const away = isUnavailable(error) && codeOf(error) !== DISK_FULL;
      if (away && !('socketPath' in target)) throw error;
      const why = away
        ? 'its disk has no room left, or cannot be written any more'
        : reasonOf(error, pending);
      throw new UpgradeError(failed({ from, to, why, backup }), { cause: error });
    } finally {
      clearInterval(timer);
      endWatch?.();
    }
    log.info({ from, to, seconds: seconds(), backup }, 'the database is upgraded');
  }
}

/** Held until the connection ends. */
async function takeLock(sql: postgres.Sql, log: Log): Promise<void> {
  const [got] = await sql<{ taken: boolean }[]>`select pg_try_advisory_lock(${LOCK}::text::bigint) as taken`;
  if (got?.taken) return;
  log.info({}, 'another node looks after the database, and may be upgrading it: waiting for it');
  await sql`select pg_advisory_lock(${LOCK}::text::bigint)`;
}

/** All that are pending, in one transaction: of a failure, a kill and a power cut nothing remains. */
async function runTogether(db: Database, log: Log): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await runMigrations(db, { migrationsFolder: migrationsFolder() });
    } catch (error) {
      if (tries === MAX_TRIES || !IN_THE_WAY.has(codeOf(error))) throw error;
      log.warn({ err: error }, 'other nodes were in the way of a migration: it is tried again');
      await sleep(TRY_AGAIN_MS);
    }
  }
}

function databaseErrorIn(error: unknown): postgres.PostgresError | null {
  if (error instanceof postgres.PostgresError) return error;
  return error instanceof Error && error.cause !== undefined ? databaseErrorIn(error.cause) : null;
}

const codeOf = (error: unknown): string => databaseErrorIn(error)?.code ?? '';

function reasonOf(error: unknown, pending: readonly string[]): string {
  const name = error instanceof DrizzleQueryError ? migrationWith(error.query, pending) : undefined;
  const { message } = databaseErrorIn(error) ?? (error instanceof Error ? error : new Error(String(error)));
  const room = codeOf(error) === DISK_FULL ? ' (its disk is full)' : '';
  return `${name === undefined ? '' : `${name}: `}${message}${room}`;
}

function failed(told: { from: string; to: string; why: string; backup: string | null }): string {
  const { from, to, why, backup } = told;
  const kept = backup === null ? '' : ` A backup from before is ${backup}.`;
  return (
    `the database could not be upgraded from ${from} to ${to}: ${why}. ` +
    `Nothing in it was changed: start the version before again, it finds its data as it left them.${kept} See docs/upgrade.md`
  );
}

function tooNew({ at }: Standing, backup: string | null): DatabaseVersionError {
  const known = knownMigrations().at(-1)?.tag;
  const back =
    backup === null
      ? 'restore a backup that this version or an older one wrote (npm run restore -- FILE --replace)'
      : `restore the backup from before its upgrade: npm run restore -- ${backup} --replace`;
  return new DatabaseVersionError(
    `the database was written by a newer version of PM IoT (migration ${at}, this version knows ${known}): ` +
      `install that version; or, to go back to this one, ${back}. What was stored since is then missing. See docs/upgrade.md`,
  );
}
