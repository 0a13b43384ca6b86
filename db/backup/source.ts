import type { Readable } from 'node:stream';
import type postgres from 'postgres';
import { type ConnectTarget, connect } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import { isUndefinedTable } from '../stores/violations.ts';
import { levelOf, readSchema } from './catalog.ts';
import { type DatabaseSchema, qualified, quoted, type TableInfo } from './format.ts';
import { createRowSum } from './row-sum.ts';

const BLOCK_BYTES = 8192;
/** Of the text of one part: it is held in memory, a few times over. */
const PART_BYTES = 4 * 1024 * 1024;
const FIRST_BLOCKS = 64;
const MAX_BLOCKS = 8192;
/** Tables come and go between the moment of the snapshot and the moment in which each is held. */
const MAX_TRIES = 5;

/** The text must be the same whatever the settings of a server, a role or a machine are. */
export const SAME_TEXT = [
  `set local timezone to 'UTC'`,
  `set local datestyle to 'ISO, YMD'`,
  `set local bytea_output to 'hex'`,
  'set local extra_float_digits to 1',
  'set local statement_timeout to 0',
  'set local idle_in_transaction_session_timeout to 0',
  // A scan of a large table may otherwise begin in its middle.
  'set local synchronize_seqscans to off',
];

export interface Part {
  table: TableInfo;
  /** From 1 on. */
  number: number;
  text: Buffer;
}

/** A database as it was in one moment. */
export interface Snapshot {
  schema: DatabaseSchema;
  level: number;
  /** Version of PostgreSQL. */
  postgres: string;
  /** Of all tables, on the disk, without indexes: for who shows how far it has come. */
  bytes: number;
  parts(): AsyncGenerator<Part>;
}

/**
 * Reads a database in one transaction that sees one moment of it. On a server others go on meanwhile. The embedded one
 * has a single backend: nothing else gets at it until `use` is done, so that it must be a copy, or nobody else there.
 */
export async function withSnapshot<T>(
  target: ConnectTarget,
  log: Log,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const { sql, close } = connect(target, log, 1, { long: true });
  try {
    for (let tries = 1; ; tries++) {
      try {
        return await readAt(sql, use);
      } catch (error) {
        if (!(error instanceof TableGone) || tries === MAX_TRIES) throw error;
      }
    }
  } finally {
    await close();
  }
}

export interface TableSize {
  bytes: number;
  /** With what stands outside of its rows, where one block may lead to megabytes. */
  whole: number;
}

export function sizeQuery(table: TableInfo): string {
  const oid = `'${qualified(table).replaceAll("'", "''")}'::regclass`;
  return `select pg_relation_size(${oid})::float8 as bytes, pg_table_size(${oid})::float8 as whole`;
}

const blocksIn = ({ bytes }: TableSize): number => Math.ceil(bytes / BLOCK_BYTES);

class TableGone extends Error {}

function readAt<T>(sql: postgres.Sql, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const work = async (tx: postgres.TransactionSql) => {
    for (const setting of SAME_TEXT) await tx.unsafe(setting);
    const schema = await readSchema(tx);
    const level = await levelOf(tx, schema);
    await hold(tx, schema.tables);
    const [server] = await tx.unsafe<{ version: string }[]>(
      `select current_setting('server_version') as version`,
    );
    const sizes = new Map<TableInfo, TableSize>();
    for (const table of schema.tables) {
      const [size] = await tx.unsafe<TableSize[]>(sizeQuery(table));
      if (size !== undefined) sizes.set(table, size);
    }
    const parts = async function* (): AsyncGenerator<Part> {
      const copy = (query: string) => copyOut(tx, query);
      for (const [table, size] of sizes) yield* partsOf(copy, table, size);
    };
    return await use({
      ...{ schema, level, parts },
      postgres: server?.version ?? 'unknown',
      bytes: [...sizes.values()].reduce((sum, size) => sum + blocksIn(size), 0) * BLOCK_BYTES,
    });
  };
  return sql.begin('isolation level repeatable read read only', work) as Promise<T>;
}

/** What is packed or too old is dropped as a whole table, which no snapshot keeps: from here on whoever does waits, or comes again. */
async function hold(tx: postgres.TransactionSql, tables: readonly TableInfo[]): Promise<void> {
  if (tables.length === 0) return;
  try {
    await tx.unsafe(`lock table only ${tables.map(qualified).join(', only ')} in access share mode`);
  } catch (error) {
    throw isUndefinedTable(error) ? new TableGone('a table went away: try again') : error;
  }
}

/**
 * By ranges of blocks: a part is bounded wherever the rows are large, and the embedded database makes the whole answer to
 * a statement before it gives any of it.
 */
export async function* partsOf(
  copy: (query: string) => Promise<Buffer>,
  table: TableInfo,
  size: TableSize,
): AsyncGenerator<Part> {
  const columns = table.columns.map(quoted).join(', ');
  const blocks = blocksIn(size);
  // Twice: bytes are told in hexadecimal digits.
  const first = Math.floor((PART_BYTES * blocks) / (2 * Math.max(size.whole, 1)));
  let step = Math.max(1, Math.min(first, FIRST_BLOCKS));
  let number = 0;
  for (let from = 0; from < blocks; ) {
    const to = Math.min(blocks, from + step);
    const text = await copy(
      `select ${columns} from only ${qualified(table)} where ctid >= '(${from},0)' and ctid < '(${to},0)'`,
    );
    from = to;
    const wanted = (step * PART_BYTES) / Math.max(text.length, 1);
    step = Math.max(1, Math.min(Math.floor(wanted), step * 4, MAX_BLOCKS));
    if (text.length > 0) yield { table, number: ++number, text };
  }
}

export async function copyOut(sql: postgres.ISql, query: string): Promise<Buffer> {
  const readable: Readable = await sql.unsafe(`copy (${query}) to stdout`).readable();
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk as Buffer);
  // When the last of it came in one piece with more before it, the driver has stopped its socket, and starts it in here alone.
  readable._read(0);
  return Buffer.concat(chunks);
}

/** Counts and adds up the rows of each table as its parts go by. */
export function createSums() {
  const sums = new Map<TableInfo, ReturnType<typeof createRowSum>>();
  const sumOf = (table: TableInfo) => {
    const known = sums.get(table);
    if (known !== undefined) return known;
    const made = createRowSum();
    sums.set(table, made);
    return made;
  };
  return { add: ({ table, text }: Part) => sumOf(table).add(text), of: sumOf };
}
