import type postgres from 'postgres';
import type { Chore } from '../maintenance.ts';

/** Rows of one step: short enough for the one backend of the embedded database. */
const ROWS = 2000;
/** Readings that were under way as their device was removed are stored before its readings are purged. */
const AFTER = '1 minute';

const TABLES = [
  { table: 'readings', key: 'at, seq' },
  { table: 'chunks', key: 'hour, part' },
  { table: 'minute_rollups', key: 'hour' },
  { table: 'hour_rollups', key: 'hour' },
  { table: 'late_hours', key: 'id' },
  { table: 'last_values', key: 'widget_id' },
] as const;

/** Removes all that is kept of widgets that are gone, in small steps; `purges` names one until nothing is left of it. */
export function createPurge(sql: postgres.Sql): Chore {
  return {
    name: 'purge',
    step: async () => {
      const [due] = await sql<{ id: number }[]>`select widget_id as id from purges
        where requested_at < now() - ${AFTER}::text::interval limit 1`;
      if (due === undefined) return false;
      for (const { table, key } of TABLES) {
        const { count } = await sql.unsafe(
          `delete from ${table} where widget_id = ${due.id} and (${key}) in (
             select ${key} from ${table} where widget_id = ${due.id} limit ${ROWS})`,
        );
        if (count > 0) return true;
      }
      await sql`delete from purges where widget_id = ${due.id}`;
      return true;
    },
  };
}
