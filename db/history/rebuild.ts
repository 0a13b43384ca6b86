import type postgres from 'postgres';
import { spanOf } from './partitions.ts';
import type { Range } from './query/raw.ts';
import { DAY, floorTo, HOUR, sqlTime, sqlWithin } from './spans.ts';
import type { HistoryStateStore } from './state.ts';

/**
 * Marks the hours of a range whose raw readings are complete, so that their summaries are made anew. Hours whose raw
 * readings have been dropped keep theirs: those are all that remains. Gives the number of hours of widgets.
 */
export async function markForRebuild(
  sql: postgres.Sql,
  state: HistoryStateStore,
  range: Range,
): Promise<number> {
  const { rawFrom, rolledBefore, partitions } = await state.load();
  const from = Math.max(floorTo(range.from, HOUR), rawFrom);
  const to = Math.min(range.to, rolledBefore - 1);
  let marked = 0;
  const mark = async (rows: string) => {
    marked += (await sql.unsafe(`insert into late_hours (widget_id, hour) ${rows}`)).count;
  };
  // Day by day: short enough for the one backend of the embedded database.
  for (let day = floorTo(from, DAY); day <= to; day += DAY) {
    const year = spanOf('hour_rollups', day).start;
    const some =
      partitions.hour_rollups.has(year) || partitions.chunks.has(day) || partitions.readings.has(day);
    if (!some) continue;
    const within = sqlWithin('hour', Math.max(day, from), Math.min(day + DAY, to + 1));
    const summaries = `select widget_id, hour from hour_rollups where ${within}`;
    const packed = partitions.chunks.has(day)
      ? `union select widget_id, hour from chunks where ${within}`
      : '';
    // Which hours of plain rows there are is found out when their turn comes.
    const plain = partitions.readings.has(day)
      ? `union select w.id, h.hour from widgets w, generate_series(${sqlTime(day)}, ${sqlTime(day + DAY - HOUR)}, '1 hour') h(hour)
         where ${within}`
      : '';
    await mark(`${summaries} ${packed} ${plain}`);
  }
  return marked;
}
