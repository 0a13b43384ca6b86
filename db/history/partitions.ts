import type postgres from 'postgres';
import type { Micros } from '../domain/types.ts';
import { DAY, floorTo } from './spans.ts';

/** Any number that no other program on the server uses for an advisory lock: partitions are made one at a time. */
const LOCK = 7_461_120_232;
/** Whoever drops a partition waits this long for statements that read it. */
const LOCK_TIMEOUT = '500ms';

type Unit = 'day' | 'month' | 'year';
const UNITS = {
  readings: 'day',
  chunks: 'day',
  minute_rollups: 'month',
  hour_rollups: 'year',
} as const satisfies Record<string, Unit>;
export type PartitionedTable = keyof typeof UNITS;
/**
 * Rows come hour by hour and are asked for widget by widget: in parts by widget those of one lie near to each other, so
 * that a year is some hundred pages and not as many as it has hours.
 */
const PARTS: Partial<Record<PartitionedTable, number>> = { hour_rollups: 32 };
export const PARTITIONED_TABLES = Object.keys(UNITS) as PartitionedTable[];

const utc = (year: number, month: number): Micros => Date.UTC(year, month) * 1000;

/** Start of the partition that a time belongs to, and of the one after it. */
export function spanOf(table: PartitionedTable, at: Micros): { start: Micros; end: Micros } {
  const unit: Unit = UNITS[table];
  if (unit === 'day') {
    const start = floorTo(at, DAY);
    return { start, end: start + DAY };
  }
  const date = new Date(Math.floor(at / 1000));
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return unit === 'month'
    ? { start: utc(year, month), end: utc(year, month + 1) }
    : { start: utc(year, 0), end: utc(year + 1, 0) };
}

const DIGITS = { day: 8, month: 6, year: 4 } as const;
export const partitionName = (table: PartitionedTable, start: Micros): string => {
  const digits = new Date(start / 1000).toISOString().replaceAll('-', '').slice(0, DIGITS[UNITS[table]]);
  return `${table}_${digits}`;
};

function startOf(digits: string): Micros {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6) || '01', digits.slice(6, 8) || '01'];
  return Date.UTC(Number(year), Number(month) - 1, Number(day)) * 1000;
}

/** Starts of the partitions that there are. */
export type Partitions = Record<PartitionedTable, Set<Micros>>;

export async function listPartitions(sql: postgres.Sql): Promise<Partitions> {
  const rows = await sql.unsafe<{ parent: PartitionedTable; name: string }[]>(
    `select p.relname as parent, c.relname as name from pg_inherits i
     join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
     where p.oid = any('{${PARTITIONED_TABLES.join(',')}}'::regclass[])`,
  );
  const found: Partitions = {
    readings: new Set(),
    chunks: new Set(),
    minute_rollups: new Set(),
    hour_rollups: new Set(),
  };
  for (const { parent, name } of rows) found[parent].add(startOf(name.slice(parent.length + 1)));
  return found;
}

/** Makes the partition for a time unless it is there. Writers of other partitions go on meanwhile. */
export async function makePartition(sql: postgres.Sql, table: PartitionedTable, at: Micros): Promise<void> {
  const { start, end } = spanOf(table, at);
  const name = partitionName(table, start);
  const literal = (time: Micros) => `'${new Date(time / 1000).toISOString()}'`;
  await sql.begin(async (tx) => {
    await tx.unsafe(`select pg_advisory_xact_lock(${LOCK})`);
    const [known] = await tx.unsafe(`select 1 where to_regclass('${name}') is not null`);
    if (known !== undefined) return;
    // Attached, since CREATE TABLE … PARTITION OF would wait for every statement that uses the table.
    const parts = PARTS[table] ?? 0;
    await tx.unsafe(
      `create table ${name} (like ${table} including defaults including storage including indexes)
       ${parts === 0 ? '' : 'partition by hash (widget_id)'}`,
    );
    for (let i = 0; i < parts; i++) {
      await tx.unsafe(
        `create table ${name}_${i} partition of ${name} for values with (modulus ${parts}, remainder ${i})`,
      );
    }
    await tx.unsafe(
      `alter table ${table} attach partition ${name} for values from (${literal(start)}) to (${literal(end)})`,
    );
    await tx.unsafe('update history_state set version = version + 1');
  });
}

/**
 * Drops partitions whole, which gives their room back at once, if `unless` finds no row. `also` runs in the same
 * transaction. false: it found one, nothing was dropped.
 */
export async function dropPartitions(
  sql: postgres.Sql,
  partitions: readonly { table: PartitionedTable; start: Micros }[],
  { unless, also }: { unless?: string; also?: string } = {},
): Promise<boolean> {
  return sql.begin(async (tx) => {
    await tx.unsafe(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
    await tx.unsafe(`select pg_advisory_xact_lock(${LOCK})`);
    // Before the row of the state: a writer has the table before it asks for that row.
    for (const table of PARTITIONED_TABLES) {
      if (partitions.some((partition) => partition.table === table)) {
        await tx.unsafe(`lock table ${table} in access exclusive mode`);
      }
    }
    if (unless !== undefined && (await tx.unsafe(unless)).length > 0) return false;
    for (const { table, start } of partitions)
      await tx.unsafe(`drop table if exists ${partitionName(table, start)}`);
    if (also !== undefined) await tx.unsafe(also);
    await tx.unsafe('update history_state set version = version + 1');
    return true;
  });
}

/** Size of a partition with its indexes, in bytes; 0 when there is none. */
export async function partitionSize(
  sql: postgres.Sql,
  table: PartitionedTable,
  start: Micros,
): Promise<number> {
  const [row] = await sql.unsafe<{ bytes: number }[]>(
    `select coalesce(pg_total_relation_size(to_regclass('${partitionName(table, start)}')), 0)::float8 as bytes`,
  );
  return row?.bytes ?? 0;
}
