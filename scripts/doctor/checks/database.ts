import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type postgres from 'postgres';
import { newestMigration } from '../../../db/built-at.ts';
import { connect, POOL_SIZE } from '../../../db/client.ts';
import { isLoopback } from '../../../db/domain/address.ts';
import { silentLog } from '../../../db/domain/plain-log.ts';
import { within } from '../../../db/domain/within.ts';
import { sizeText } from '../../operator/sizes.ts';
import { broken, type Check, codeOf, type Finding, messageOf, ok, skipped, warning } from '../finding.ts';

const PATIENCE_MS = 8000;
const OLDEST = 140_000;
/** Between the clocks of two machines. */
const CLOCKS_APART_MS = 2000;

/** Without what nobody may see. */
function maskedUrl(text: string): string {
  try {
    const url = new URL(text);
    if (url.password !== '') url.password = '***';
    url.search = '';
    return url.href;
  } catch {
    return 'DATABASE_URL';
  }
}

interface Row {
  version: string;
  number: string;
  bytes: string;
  now: number;
  recovery: boolean;
  readOnly: string;
  fsync: string;
  commit: string;
  pages: string;
  connections: string;
  migrations: string | null;
}

const ask = async (sql: postgres.Sql): Promise<Row | undefined> => {
  const rows = await sql<Row[]>`
    select current_setting('server_version') as version, current_setting('server_version_num') as number,
      pg_database_size(current_database())::text as bytes,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as now, pg_is_in_recovery() as recovery,
      current_setting('transaction_read_only') as "readOnly", current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages,
      current_setting('max_connections') as connections,
      to_regclass('drizzle.__drizzle_migrations')::text as migrations`;
  return rows[0];
};

async function checkLevel(sql: postgres.Sql, { migrations }: Row): Promise<Finding> {
  if (migrations === null)
    return skipped('database_empty', 'The database is empty: the first start fills it');
  const [row] = await sql<{ at: string | null }[]>`
    select max(created_at)::text as at from drizzle.__drizzle_migrations`;
  const level = Number(row?.at ?? 0);
  if (level > newestMigration())
    return broken(
      'database_newer',
      'The database was written by a newer version of PM IoT',
      'install that version, or restore a backup',
    );
  if (level < newestMigration())
    return skipped(
      'database_older',
      'The database is of an older version: the next start brings it up to date',
    );
  return ok('database_level', 'Its tables are those of this version');
}

function checkSettings(row: Row): Finding[] {
  const findings: Finding[] = [];
  const off = (name: string, loss: string) =>
    findings.push(
      broken(
        `database_${name}_off`,
        `${name} is off in PostgreSQL: ${loss}`,
        `alter system reset ${name}; select pg_reload_conf();`,
      ),
    );
  if (row.fsync === 'off') off('fsync', 'a power cut can destroy the whole database');
  if (row.pages === 'off')
    off('full_page_writes', 'a power cut can leave pages of the database half written');
  if (row.commit === 'off') off('synchronous_commit', 'a power cut loses readings that were acknowledged');
  if (row.recovery || row.readOnly === 'on') {
    findings.push(
      broken(
        'database_read_only',
        row.recovery
          ? 'The server is a standby and takes no writes'
          : 'The database takes no writes (default_transaction_read_only is on)',
        row.recovery
          ? 'name the primary in DATABASE_URL'
          : 'alter system reset default_transaction_read_only; select pg_reload_conf();',
      ),
    );
  }
  if (Number(row.connections) < POOL_SIZE + 5)
    findings.push(
      warning(
        'database_connections',
        `PostgreSQL takes ${row.connections} connections, and each node of PM IoT needs up to ${POOL_SIZE}`,
        'raise max_connections in postgresql.conf and restart PostgreSQL',
      ),
    );
  const apart = Math.round(Math.abs(row.now - Date.now()));
  if (apart > CLOCKS_APART_MS)
    findings.push(
      warning(
        'database_clock',
        `The clock of the database's machine and that of this one are ${Math.round(apart / 1000)} s apart`,
        'let NTP set both: timedatectl',
      ),
    );
  return findings;
}

function unreachable(url: URL, error: unknown): Finding {
  const code = codeOf(error);
  const at = `PostgreSQL at ${url.hostname}:${url.port || 5432}`;
  if (code === '28P01' || code === '28000')
    return broken(
      'database_refuses',
      `${at} refuses the log-in of DATABASE_URL: ${messageOf(error)}`,
      'correct user and password in DATABASE_URL, or pg_hba.conf of the server',
    );
  if (code === '3D000')
    return broken(
      'database_missing',
      `${at} has no such database: ${messageOf(error)}`,
      `sudo -u postgres createdb -O ${url.username || 'OWNER'} ${url.pathname.slice(1) || 'NAME'}`,
    );
  const todo = isLoopback(url.hostname)
    ? 'sudo systemctl start postgresql; then sudo journalctl -u postgresql -n 50, and df -h: it does not start on a full disk'
    : 'see whether it runs, and whether a firewall lets this machine in (nc -vz HOST PORT); listen_addresses and pg_hba.conf of the server';
  return broken('database_unreachable', `${at} does not answer: ${messageOf(error) || code}`, todo);
}

async function checkServer(text: string): Promise<Finding[]> {
  const url = new URL(text);
  const { sql, abort } = connect({ url: text }, silentLog, 1);
  try {
    const row = await within(PATIENCE_MS, ask(sql));
    if (row === undefined) return [];
    const about = `PostgreSQL ${row.version} at ${maskedUrl(text)}, ${sizeText(Number(row.bytes))}`;
    const version =
      Number(row.number) < OLDEST
        ? broken('database_too_old', `${about} is too old`, 'install PostgreSQL 14 or newer')
        : ok('database', about);
    return [version, await within(PATIENCE_MS, checkLevel(sql, row)), ...checkSettings(row)];
  } catch (error) {
    return [unreachable(url, error)];
  } finally {
    await abort().catch(() => {});
  }
}

/** The embedded one belongs to the process that runs it, and is looked into by nobody else. */
function checkEmbedded(dataDir: string, running: boolean): Finding[] {
  const folder = join(dataDir, 'db');
  if (!existsSync(folder))
    return [skipped('database_embedded', 'The embedded database is made at the first start')];
  if (!existsSync(join(folder, 'PG_VERSION')))
    return [
      broken(
        'database_damaged',
        `${folder} is no whole database: PG_VERSION is missing`,
        'restore a backup (docs/backup.md), or, if nothing was stored yet, move the folder away and start anew',
      ),
    ];
  return [
    ok(
      'database_embedded',
      `The embedded database is in ${folder}${running ? '' : '; it is looked into when the server starts'}`,
    ),
  ];
}

export const checkDatabase: Check = async ({ config: { databaseUrl }, dataDir, server }) =>
  databaseUrl === null ? checkEmbedded(dataDir, server !== null) : checkServer(databaseUrl);
