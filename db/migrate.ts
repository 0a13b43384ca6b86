import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator';
import type postgres from 'postgres';
import { migrationsFolder, newestMigration } from './built-at.ts';
import { type ConnectTarget, connect } from './client.ts';
import type { Log } from './domain/ports.ts';

/** Any number that no other program on the server uses for an advisory lock. */
const LOCK = 7_461_120_231;
/** `server_version_num` of PostgreSQL 14. */
const OLDEST_SERVER = 140_000;

/** The database cannot be used by this program; the message says why and what to do. */
export class DatabaseVersionError extends Error {}

/** Brings the database up to date, one process at a time. Throws DatabaseVersionError when it is too new or too old. */
export async function migrate(target: ConnectTarget, log: Log): Promise<void> {
  // The lock belongs to a connection: a client of one.
  const { sql, db, close } = connect(target, log, 1);
  try {
    const [server] = await sql<{ number: string; name: string }[]>`
      select current_setting('server_version_num') as number, current_setting('server_version') as name`;
    if (Number(server?.number) < OLDEST_SERVER) {
      throw new DatabaseVersionError(`PostgreSQL 14 or newer is needed, this server is ${server?.name}`);
    }
    await sql`set statement_timeout = 0`;
    await sql`select pg_advisory_lock(${LOCK}::text::bigint)`;
    await refuseNewer(sql);
    const started = performance.now();
    await runMigrations(db, { migrationsFolder: migrationsFolder() });
    log.debug({ ms: Math.round(performance.now() - started) }, 'database is up to date');
  } finally {
    await close();
  }
}

async function refuseNewer(sql: postgres.Sql): Promise<void> {
  const [table] = await sql<{ name: string | null }[]>`
    select to_regclass('drizzle.__drizzle_migrations')::text as name`;
  if (table?.name == null) return;
  const [applied] = await sql<{ at: string | null }[]>`
    select max(created_at)::text as at from drizzle.__drizzle_migrations`;
  if (Number(applied?.at ?? 0) > newestMigration()) {
    throw new DatabaseVersionError(
      'the database was written by a newer version of PM IoT: install that version, or restore a backup',
    );
  }
}
