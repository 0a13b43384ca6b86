import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrationsFolder, newestMigration } from '../built-at.ts';
import { checkPartition } from './check-schema.ts';
import {
  type DatabaseSchema,
  qualified,
  quoted,
  shownName,
  type TableInfo,
  type TableSum,
  UnusableBackupError,
} from './format.ts';
import type { Sink } from './sink.ts';
import { createSums, type Part, partsOf, sizeQuery, type TableSize } from './source.ts';
import { checkSums, sumsOf } from './verify.ts';

const RECORD = { schema: 'drizzle', name: '__drizzle_migrations' };
const BREAK = '--> statement-breakpoint';

interface Journal {
  entries: { when: number; tag: string }[];
}

export interface LoadJob {
  sink: Sink;
  schema: DatabaseSchema;
  /** Of migrations: the database comes to be at this one, and is brought up to date at the next start. */
  level: number;
  parts: AsyncIterable<Part>;
  /** What must be there in the end; asked for once all parts have come. */
  expected: () => readonly TableSum[];
  onProgress: (step: 'loading' | 'checking', bytes: number) => void;
  /** Told of tables that are none of this program's: they are left out. */
  leftOut: (tables: string[]) => void;
}

/** Throws an UnusableBackupError when this program does not know the migration that a backup is at. */
export function checkLevel(level: number, version: string): void {
  if (level > newestMigration()) {
    throw new UnusableBackupError(
      `this backup was written by a newer version of PM IoT (${version}): install that version, and restore with it`,
    );
  }
  if (level === 0) throw new UnusableBackupError('there is no database of PM IoT in this backup');
}

/** Fills an empty database, and compares what is then in it. Gives what was loaded. */
export async function load(job: LoadJob): Promise<TableSum[]> {
  const { sink, schema, onProgress } = job;
  await makeTables(sink, job.level);
  await makePartitions(sink, schema);
  const known = await knownTables(sink, schema);
  const unknown = schema.tables.filter((table) => !known.has(table));
  if (unknown.length > 0) job.leftOut(unknown.map(shownName));
  const emptied = [...known].map(qualified).join(', ');
  // Migrations have put a row here and there.
  await sink.run(`truncate ${emptied}`);
  let bytes = 0;
  for await (const { table, text } of job.parts) {
    if (!known.has(table)) continue;
    await sink.copyIn(table, text);
    bytes += text.length;
    onProgress('loading', bytes);
  }
  await setSequences(sink, schema);
  const found = await sumUp(sink, schema, known, (done) => onProgress('checking', done));
  const names = new Set([...known].map(shownName));
  checkSums({ tables: job.expected().filter(({ table }) => names.has(table)) }, found);
  return found.filter(({ table }) => names.has(table));
}

/** As the migrations up to `level` make them; the record of them comes with the data. */
async function makeTables(sink: Sink, level: number): Promise<void> {
  await sink.run(`create schema if not exists ${quoted(RECORD.schema)}`);
  await sink.run(
    `create table if not exists ${qualified(RECORD)} (id serial primary key, hash text not null, created_at bigint)`,
  );
  const folder = migrationsFolder();
  const journal = JSON.parse(readFileSync(join(folder, 'meta', '_journal.json'), 'utf8')) as Journal;
  for (const { when, tag } of journal.entries) {
    if (when > level) continue;
    for (const statement of readFileSync(join(folder, `${tag}.sql`), 'utf8').split(BREAK)) {
      if (statement.trim() !== '') await sink.run(statement);
    }
  }
}

async function makePartitions(sink: Sink, { partitions }: DatabaseSchema): Promise<void> {
  for (const partition of partitions) {
    const { schema, parent, name, bound, key } = partition;
    const [found] = await sink.run<{ oid: unknown }>(
      `select to_regclass(${text(qualified({ schema, name: parent }))}) as oid`,
    );
    // Of a table that is none of this program's.
    if (found?.oid == null) continue;
    checkPartition(partition);
    const by = key === null ? '' : ` partition by ${key}`;
    await sink.run(
      `create table if not exists ${qualified({ schema, name })} partition of ${qualified({ schema, name: parent })} ${bound}${by}`,
    );
  }
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** Those that there are now. Throws when one of them lacks a column. */
async function knownTables(sink: Sink, { tables }: DatabaseSchema): Promise<Set<TableInfo>> {
  const rows = await sink.run<{ schema: string; name: string; column: string }>(
    `select table_schema as schema, table_name as name, column_name as column from information_schema.columns
     where table_schema in ('public', 'drizzle')`,
  );
  const columns = new Map<string, Set<string>>();
  for (const row of rows) {
    const key = qualified(row);
    columns.set(key, (columns.get(key) ?? new Set()).add(row.column));
  }
  const known = new Set<TableInfo>();
  for (const table of tables) {
    const there = columns.get(qualified(table));
    if (there === undefined) continue;
    const missing = table.columns.find((column) => !there.has(column));
    if (missing !== undefined) {
      throw new UnusableBackupError(
        `this version of PM IoT has no column ${missing} in ${shownName(table)}: restore with the version that wrote the backup`,
      );
    }
    known.add(table);
  }
  return known;
}

async function setSequences(sink: Sink, { sequences }: DatabaseSchema): Promise<void> {
  for (const { schema, table, column, value, called } of sequences) {
    const of = `pg_get_serial_sequence(${text(qualified({ schema, name: table }))}, ${text(column)})`;
    await sink.run(`select setval(${of}, ${text(value)}::bigint, ${String(called)}) where ${of} is not null
      and to_regclass(${text(qualified({ schema, name: table }))}) is not null`);
  }
}

async function sumUp(
  sink: Sink,
  schema: DatabaseSchema,
  known: ReadonlySet<TableInfo>,
  onProgress: (bytes: number) => void,
): Promise<TableSum[]> {
  const sums = createSums();
  let bytes = 0;
  for (const table of known) {
    const [size] = await sink.run<TableSize>(sizeQuery(table));
    if (size === undefined) continue;
    for await (const part of partsOf(sink.copyOut, table, size)) {
      sums.add(part);
      bytes += part.text.length;
      onProgress(bytes);
    }
  }
  return sumsOf(schema, new Map(schema.tables.map((table) => [table, sums.of(table)])));
}
