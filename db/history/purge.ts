import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';

/** Rows of one step: short enough for the one backend of the embedded database. */
const ROWS = 2000;
const PAUSE_MS = 50;

const TABLES = [
  { table: 'readings', key: 'at, seq', order: 'readings.at' },
  { table: 'chunks', key: 'hour, part', order: 'chunks.hour' },
  { table: 'minute_rollups', key: 'hour', order: 'minute_rollups.hour' },
  { table: 'hour_rollups', key: 'hour', order: 'hour_rollups.hour' },
] as const;

/** Removes all that is kept of a widget that is gone, in small steps; `purges` keeps it until nothing is left. */
export async function purgeWidget(
  sql: postgres.Sql,
  widgetId: number,
  stopped: () => boolean,
): Promise<void> {
  const id = String(widgetId);
  for (const { table, key, order } of TABLES) {
    for (let count = ROWS; count === ROWS && !stopped(); await sleep(PAUSE_MS)) {
      ({ count } = await sql.unsafe(
        `delete from ${table} where widget_id = ${id} and (${key}) in (
           select ${key} from ${table} where widget_id = ${id} order by ${order} limit ${ROWS})`,
      ));
    }
  }
  if (stopped()) return;
  await sql.unsafe(`delete from late_hours where widget_id = ${id}`);
  await sql.unsafe(`delete from last_values where widget_id = ${id}`);
  await sql.unsafe(`delete from purges where widget_id = ${id}`);
}
