import type postgres from 'postgres';
import type { Log } from '../domain/ports.ts';
import type { Micros } from '../domain/types.ts';
import type { DroppedDay, DroppedHistory } from './dropped.ts';
import type { LeapGuard } from './leap-guard.ts';
import { dropPartitions, type PartitionedTable, partitionSize, spanOf } from './partitions.ts';
import { DAY, sqlTime, sqlWithin } from './spans.ts';
import type { HistoryState, HistoryStateStore } from './state.ts';
import type { Turns } from './turns.ts';

/** Plain rows of a larger partition are not counted one by one before they are dropped: that would take seconds. Bytes. */
const COUNTED = 64 * 1024 * 1024;
/** Bytes of a plain row with its index, about. */
const ROW_BYTES = 125;
/** An import that was cut can be run again: until then old readings that it brought are kept. */
const IMPORT_GRACE = DAY;
/** When the disk is filling, a day does not wait longer for its summaries. */
const URGENT_MS = 5000;
const IMPORTS = 'history_imports';

/** How long each is kept, in milliseconds; null: for ever. */
export interface Retention {
  raw: number | null;
  minute: number | null;
  hour: number | null;
}

export interface RetentionDeps {
  sql: postgres.Sql;
  state: HistoryStateStore;
  keep: Retention;
  log: Log;
  dropped: DroppedHistory;
  leaps: LeapGuard;
  /** An import that has seen a partition stores in it before it may go. */
  turns: Turns;
  /** What came late for a day counts in its summaries before it goes. */
  settleLate: (milliseconds?: number, until?: () => boolean) => Promise<void>;
  /** Between two days: it is somebody else's to drop, or all ends. */
  stopped: () => boolean;
  /** All ends, also for whoever drops a day because the disk is full. */
  ending: () => boolean;
}

/** Drops what has been kept long enough, whole partitions at a time. One at a time over all nodes. */
export function createRetention(deps: RetentionDeps) {
  const { sql, state, keep, log, dropped, leaps, turns, settleLate, stopped, ending } = deps;

  /**
   * Raw readings from before this stay (microseconds): they were too old already as imports began that have gone on since
   * with no longer pause than the grace.
   */
  const sparedBefore = async (now: Micros, keepMs: number): Promise<Micros> => {
    const [row] = await sql<{ since: number; last: number }[]>`
      select (value->>'since')::float8 as since, (value->>'last')::float8 as last from meta where key = ${IMPORTS}`;
    const isOver = row === undefined || now - row.last >= IMPORT_GRACE;
    return isOver ? Number.NEGATIVE_INFINITY : row.since - keepMs * 1000;
  };

  const rawDays = ({ partitions }: HistoryState): Micros[] =>
    [...new Set([...partitions.readings, ...partitions.chunks])].sort((a, b) => a - b);

  /** In one statement: the day may be packed meanwhile. */
  const readingsOf = async (day: Micros): Promise<number> => {
    const sum = (what: string, table: string, column: string) =>
      `(select coalesce(${what}, 0) from ${table} where ${sqlWithin(column, day, day + DAY)})`;
    const bytes = await partitionSize(sql, 'readings', day);
    const plain = bytes > COUNTED ? Math.round(bytes / ROW_BYTES) : sum('count(*)', 'readings', 'at');
    const [row] = await sql.unsafe<{ count: number }[]>(
      `select (${plain} + ${sum('sum(count)', 'chunks', 'hour')})::float8 as count`,
    );
    return row?.count ?? 0;
  };

  const dropDay = async (day: Micros): Promise<DroppedDay> => {
    const readings = await readingsOf(day);
    const end = sqlTime(day + DAY);
    await dropPartitions(
      sql,
      [
        { table: 'readings', start: day },
        { table: 'chunks', start: day },
      ],
      {
        also: `with gone as (delete from late_hours where ${sqlWithin('hour', day, day + DAY)})
          update history_state set raw_from = greatest(raw_from, ${end})`,
      },
    );
    await state.load();
    return { day: new Date(day / 1000).toISOString().slice(0, 10), readings };
  };

  const dropOld = async (table: PartitionedTable, before: Micros): Promise<void> => {
    const { partitions } = await state.current();
    const due = [...partitions[table]].filter((start) => spanOf(table, start).end <= before);
    for (const start of due) {
      if (stopped()) return;
      await turns.run(async () => {
        const end = sqlTime(spanOf(table, start).end);
        const also = `update history_state set minutes_from = greatest(minutes_from, ${end})`;
        await dropPartitions(sql, [{ table, start }], table === 'minute_rollups' ? { also } : {});
        await state.load();
      });
      log.info({ table, from: new Date(start / 1000) }, 'old summaries were dropped');
    }
  };

  return {
    /** Drops what is older than it is to be kept. `now`: microseconds of a clock that can be believed. */
    async run(now: Micros): Promise<void> {
      if (!(await leaps.mayDrop(now / 1000))) return;
      if (keep.raw !== null) {
        const keepMs = keep.raw;
        const known = await state.current();
        const before = Math.min(now - keepMs * 1000, known.rolledBefore);
        const spared = await sparedBefore(now, keepMs);
        const due = rawDays(known).filter((day) => day + DAY > spared && day + DAY <= before);
        if (due.length > 0) await settleLate();
        for (const day of due) {
          if (stopped()) return;
          await turns.run(async () => {
            // Asked again: an import may have begun meanwhile.
            if (day + DAY <= (await sparedBefore(now, keepMs))) return;
            dropped.record('retention', await dropDay(day));
          });
        }
      }
      if (keep.minute !== null) await dropOld('minute_rollups', now - keep.minute * 1000);
      if (keep.hour !== null) await dropOld('hour_rollups', now - keep.hour * 1000);
    },

    /** To be told before readings are stored that may be older than raw readings are kept. */
    async importing(now: Micros): Promise<void> {
      const at = String(now);
      await sql`insert into meta (key, value)
        values (${IMPORTS}, jsonb_build_object('since', ${at}::text::float8, 'last', ${at}::text::float8))
        on conflict (key) do update set value = case
          when ${at}::text::float8 - (meta.value->>'last')::float8 >= ${String(IMPORT_GRACE)}::text::float8 then excluded.value
          else meta.value || jsonb_build_object('last', ${at}::text::float8) end`;
    },

    /**
     * Drops the oldest day of raw readings, never the newest: null when that is the only one, or when its summaries have
     * not been made yet. Whoever asks for it tells of it.
     */
    async dropOldestDay(now: Micros): Promise<DroppedDay | null> {
      const known = await state.load();
      const [oldest, ...newer] = rawDays(known).filter((day) => day <= now);
      if (oldest === undefined || newer.length === 0 || oldest + DAY > known.rolledBefore) return null;
      await settleLate(URGENT_MS, ending);
      return turns.run(() => dropDay(oldest));
    },
  };
}

export type RetentionKeeper = ReturnType<typeof createRetention>;
