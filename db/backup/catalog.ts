import type { Executor } from '../client.ts';
import {
  type DatabaseSchema,
  type PartitionInfo,
  qualified,
  type SequenceInfo,
  type TableInfo,
} from './format.ts';

/** Those that this program makes. Whatever tables are in them is asked of the database: it may be of any version. */
const SCHEMAS = `('public', 'drizzle')`;

const TABLES = `
  select n.nspname as schema, c.relname as name, c.oid::int8::text as oid, to_jsonb(array(
    select a.attname::text from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by a.attnum)) as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname in ${SCHEMAS}
  order by n.nspname, c.relname`;

const PARTITIONS = `
  with recursive tree as (
    select c.oid, 0 as depth from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'p' and not c.relispartition and n.nspname in ${SCHEMAS}
    union all
    select i.inhrelid, tree.depth + 1 from tree join pg_inherits i on i.inhparent = tree.oid
  )
  select n.nspname as schema, p.relname as parent, c.relname as name,
    pg_get_expr(c.relpartbound, c.oid) as bound,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as key
  from tree join pg_class c on c.oid = tree.oid
  join pg_inherits i on i.inhrelid = c.oid join pg_class p on p.oid = i.inhparent
  join pg_namespace n on n.oid = c.relnamespace
  where tree.depth > 0 order by tree.depth, n.nspname, p.relname, c.relname`;

/** Who refers to whom. */
const REFERENCES = `
  select conrelid::int8::text as "from", confrelid::int8::text as "to"
  from pg_constraint where contype = 'f' and conrelid <> confrelid`;

const SEQUENCES = `
  select n.nspname as schema, c.relname as "table", a.attname as "column",
    pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) as sequence
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
  where c.relkind in ('r', 'p') and n.nspname in ${SCHEMAS} and a.attnum > 0 and not a.attisdropped
    and (a.attidentity <> '' or a.atthasdef)
    and pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) is not null
  order by 1, 2, 3`;

type Found = TableInfo & { oid: string };

/** Those that others refer to first. */
function inOrder(tables: readonly Found[], references: readonly { from: string; to: string }[]): Found[] {
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const ordered = new Set<Found>();
  const visit = (table: Found, above: ReadonlySet<string>) => {
    if (ordered.has(table) || above.has(table.oid)) return;
    const path = new Set(above).add(table.oid);
    for (const { from, to } of references) {
      const needed = byOid.get(to);
      if (from === table.oid && needed !== undefined) visit(needed, path);
    }
    ordered.add(table);
  };
  for (const table of tables) visit(table, new Set());
  return [...ordered];
}

/** What there is in a database that has been opened. */
export async function readSchema(sql: Executor): Promise<DatabaseSchema> {
  const tables = await sql.unsafe<Found[]>(TABLES);
  const partitions = await sql.unsafe<PartitionInfo[]>(PARTITIONS);
  const references = await sql.unsafe<{ from: string; to: string }[]>(REFERENCES);
  const found = await sql.unsafe<(SequenceInfo & { sequence: string })[]>(SEQUENCES);
  const sequences: SequenceInfo[] = [];
  for (const { schema, table, column, sequence } of found) {
    const [state] = await sql.unsafe<{ value: string; called: boolean }[]>(
      `select last_value::text as value, is_called as called from ${sequence}`,
    );
    if (state !== undefined) sequences.push({ schema, table, column, ...state });
  }
  return {
    tables: inOrder(tables, references).map(({ schema, name, columns }) => ({ schema, name, columns })),
    partitions: partitions.map(({ schema, parent, name, bound, key }) => ({
      schema,
      parent,
      name,
      bound,
      key,
    })),
    sequences,
  };
}

/** When the newest migration was made that the database has; 0: it has none. */
export async function levelOf(sql: Executor, { tables }: Pick<DatabaseSchema, 'tables'>): Promise<number> {
  const record = tables.find(({ schema, name }) => schema === 'drizzle' && name === '__drizzle_migrations');
  if (record === undefined) return 0;
  const [row] = await sql.unsafe<{ at: number | null }[]>(
    `select max(created_at)::float8 as at from ${qualified(record)}`,
  );
  return row?.at ?? 0;
}
