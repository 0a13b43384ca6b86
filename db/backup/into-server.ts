import type postgres from 'postgres';
import { connect } from '../client.ts';
import { takeForTransaction } from '../cluster/locks.ts';
import type { Log } from '../domain/ports.ts';
import { UnusableBackupError } from './format.ts';
import { type Sink, serverSink } from './sink.ts';
import { SAME_TEXT } from './source.ts';

/** The database of a server is not empty, or is in use. */
export class TargetError extends Error {}

export interface IntoServer {
  url: string;
  log: Log;
  /** What is there moves aside. */
  replace: boolean;
  /** Kept in the database, so that a restore that was cut off right after the commit knows itself. */
  id: string;
  /** Told where what was there is now. */
  movedTo: (schemas: string[]) => void;
}

/** Fills the database of a server in one transaction: all of it, or as if nothing had happened. */
export async function intoServer<T>(job: IntoServer, fill: (sink: Sink) => Promise<T>): Promise<T> {
  const { url, log, id } = job;
  const { sql, close } = connect({ url }, log, 1, { long: true });
  const work = async (tx: postgres.TransactionSql) => {
    for (const setting of SAME_TEXT) await tx.unsafe(setting);
    const [lock] = await tx.unsafe<{ ok: boolean }[]>(takeForTransaction('use'));
    if (lock?.ok !== true) {
      throw new TargetError('a server uses this database: stop it first, every node of it');
    }
    await makeRoom(tx, job);
    const result = await fill(serverSink(tx));
    await tx.unsafe(`comment on schema drizzle is '${commentOf(id)}'`);
    return result;
  };
  try {
    return (await sql.begin(work)) as T;
  } finally {
    await close();
  }
}

/** Has the restore of this id been committed? */
export async function isInServer({ url, log, id }: Pick<IntoServer, 'url' | 'log' | 'id'>): Promise<boolean> {
  const { sql, close } = connect({ url }, log, 1, { long: true });
  try {
    const [row] = await sql.unsafe<{ text: string | null }[]>(
      `select obj_description(to_regnamespace('drizzle'), 'pg_namespace') as text`,
    );
    return row?.text === commentOf(id);
  } finally {
    await close();
  }
}

const commentOf = (id: string): string => `PM IoT restore ${id.replaceAll(/[^0-9a-f]/g, '')}`;

async function makeRoom(tx: postgres.TransactionSql, { replace, movedTo }: IntoServer): Promise<void> {
  const [found] = await tx.unsafe<{ record: string | null; tables: string | null }[]>(
    `select to_regclass('drizzle.__drizzle_migrations')::text as record, (
       select string_agg(relname, ', ') from (select relname from pg_class
         where relnamespace = to_regnamespace('public') and relkind in ('r', 'p') and not relispartition
         order by relname limit 5) as first) as tables`,
  );
  if (found?.record === null && found.tables === null) return;
  if (!replace) {
    throw new TargetError(
      `the database of DATABASE_URL is not empty (${found?.tables ?? found?.record}): name an empty one, or let --replace move what is there into another schema`,
    );
  }
  const [numbered] = await tx.unsafe<{ number: number }[]>(
    `select count(*)::int + 1 as number from pg_namespace where nspname like 'public_before_restore_%'`,
  );
  const moved: string[] = [];
  for (const schema of ['public', 'drizzle']) {
    const to = `${schema}_before_restore_${numbered?.number ?? 1}`;
    const [there] = await tx.unsafe(`select 1 where to_regnamespace('${schema}') is not null`);
    if (there === undefined) continue;
    await tx.unsafe(`alter schema ${schema} rename to ${to}`).catch((error: unknown) => {
      throw new UnusableBackupError(
        `what is there cannot be moved aside (${error instanceof Error ? error.message : String(error)}): make an empty database, and name it in DATABASE_URL`,
      );
    });
    moved.push(to);
  }
  await tx.unsafe('create schema public');
  movedTo(moved);
}
