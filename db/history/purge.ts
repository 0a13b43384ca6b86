import type postgres from 'postgres';
import type { Chore } from '../maintenance.ts';
import { isUndefinedTable } from '../stores/violations.ts';
import { PARTITIONED_TABLES } from './partitions.ts';

/** Rows of one step: short enough for the one backend of the embedded database. */
const ROWS = 2000;
/** Readings that were under way as their device was removed are stored before its readings are purged. */
const AFTER = '1 minute';

/** Tables that have rows of their own: to look through all partitions with one statement would take seconds to plan. */
const TABLES = `select relid::regclass::text as name from unnest('{${PARTITIONED_TABLES.join(',')}}'::regclass[]) as p(t),
  pg_partition_tree(t) where isleaf`;

/** Removes all that is kept of widgets that are gone, in small steps; `purges` names one until nothing is left of it. */
export function createPurge(sql: postgres.Sql): Chore {
  let widget: number | null = null;
  let left: string[] = [];

  const begin = async (): Promise<boolean> => {
    const [due] = await sql<{ id: number }[]>`select widget_id as id from purges
      where requested_at < now() - ${AFTER}::text::interval limit 1`;
    if (due === undefined) return false;
    const tables = await sql.unsafe<{ name: string }[]>(TABLES);
    widget = due.id;
    left = [...tables.map(({ name }) => name), 'late_hours', 'last_values'];
    return true;
  };

  return {
    name: 'purge',
    step: async () => {
      if (widget === null) return begin();
      const [table] = left;
      if (table === undefined) {
        await sql`delete from purges where widget_id = ${widget}`;
        widget = null;
        return true;
      }
      const { count } = await sql
        .unsafe(
          `delete from ${table} where ctid = any(array(select ctid from ${table} where widget_id = ${widget} limit ${ROWS}))`,
        )
        .catch((error: unknown) => {
          if (!isUndefinedTable(error)) throw error;
          return { count: 0 };
        });
      if (count < ROWS) left.shift();
      return true;
    },
  };
}
