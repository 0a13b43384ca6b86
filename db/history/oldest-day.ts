import type postgres from 'postgres';
import type { DroppedDay } from './dropped.ts';

/** Drops the oldest day (UTC) of raw readings whole, and gives its space back. null: only the newest is left. */
export async function dropOldestDay(sql: postgres.Sql): Promise<DroppedDay | null> {
  const [days] = await sql<{ oldest: string | null; newest: string | null }[]>`
    select (min(at) at time zone 'UTC')::date::text as oldest, (max(at) at time zone 'UTC')::date::text as newest
    from readings`;
  const oldest = days?.oldest ?? null;
  if (oldest === null || oldest === days?.newest) return null;
  const { count } = await sql`
    delete from readings where at < ((${oldest}::text::date + 1)::timestamp at time zone 'UTC')`;
  await sql`vacuum full readings`.simple();
  return { day: oldest, readings: count };
}
