import type postgres from 'postgres';
import type { EventLog, Log } from '../domain/ports.ts';
import type { Micros } from '../domain/types.ts';
import { dropPartitions, type PartitionedTable, partitionSize, spanOf } from './partitions.ts';
import { DAY, sqlTime } from './spans.ts';
import type { HistoryState, HistoryStateStore } from './state.ts';

/** Bytes of a plain row, about: rows that are not packed are not counted one by one before they are dropped. */
const ROW_BYTES = 100;
/** After a leap of the clock by more than this nothing is dropped for a while: it may be wrong. */
const LEAP = 7 * DAY;
const WAIT_MS = 24 * 3_600_000;
/** An import that was cut can be run again: until then old readings that it brought are kept. */
const IMPORT_GRACE = DAY;
const RAN = 'history_retention_at';
const IMPORTED = 'history_imported_at';

/** How long each is kept, in milliseconds; null: for ever. */
export interface Retention {
  raw: number | null;
  minute: number | null;
  hour: number | null;
}

export interface DroppedDay {
  /** Such as 2026-01-15, UTC. */
  day: string;
  readings: number;
}

export interface RetentionDeps {
  sql: postgres.Sql;
  state: HistoryStateStore;
  keep: Retention;
  events: EventLog;
  log: Log;
  /** Readings that were dropped, and why. */
  onDropped: (readings: number, reason: 'retention' | 'disk') => void;
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
}

/** Drops what has been kept long enough, whole partitions at a time. One at a time over all nodes. */
export function createRetention({ sql, state, keep, events, log, onDropped, monotonic }: RetentionDeps) {
  let waitingSince: number | null = null;

  const remembered = async (key: string): Promise<Micros | null> => {
    const [row] = await sql<{ value: number }[]>`select value::float8 as value from meta where key = ${key}`;
    return row?.value ?? null;
  };
  const remember = async (key: string, at: Micros) => {
    await sql`insert into meta (key, value) values (${key}, ${String(at)}::text::jsonb)
      on conflict (key) do update set value = excluded.value`;
  };

  const rawDays = ({ partitions }: HistoryState): Micros[] =>
    [...new Set([...partitions.readings, ...partitions.chunks])].sort((a, b) => a - b);

  const readingsOf = async (day: Micros): Promise<number> => {
    const [packed] = await sql.unsafe<{ count: number }[]>(
      `select coalesce(sum(count), 0)::float8 as count from chunks
       where hour >= ${sqlTime(day)} and hour < ${sqlTime(day + DAY)}`,
    );
    const plain = await partitionSize(sql, 'readings', day);
    return (packed?.count ?? 0) + Math.round(plain / ROW_BYTES);
  };

  const dropDay = async (day: Micros, reason: 'retention' | 'disk'): Promise<DroppedDay> => {
    const readings = await readingsOf(day);
    const end = sqlTime(day + DAY);
    await dropPartitions(
      sql,
      [
        { table: 'readings', start: day },
        { table: 'chunks', start: day },
      ],
      {
        also: `with gone as (delete from late_hours where hour >= ${sqlTime(day)} and hour < ${end})
          update history_state set raw_from = greatest(raw_from, ${end})`,
      },
    );
    await state.load();
    const dropped = { day: new Date(day / 1000).toISOString().slice(0, 10), readings };
    onDropped(readings, reason);
    events.record({ kind: 'history_dropped', actor: 'system', detail: { ...dropped, reason } });
    log.info({ ...dropped, reason }, 'raw readings of a day were dropped; their summaries stay');
    return dropped;
  };

  const dropOld = async (table: PartitionedTable, before: Micros): Promise<boolean> => {
    const { partitions } = await state.current();
    const due = [...partitions[table]].filter((start) => spanOf(table, start).end <= before);
    for (const start of due) {
      await dropPartitions(sql, [{ table, start }]);
      log.info({ table, from: new Date(start / 1000) }, 'old summaries were dropped');
    }
    return due.length > 0;
  };

  /** true: the clock has leapt since the last time, and it is not sure yet that it is right. */
  const waits = async (now: Micros): Promise<boolean> => {
    const last = await remembered(RAN);
    if (last === null || Math.abs(now - last) <= LEAP) {
      waitingSince = null;
      return false;
    }
    if (waitingSince === null) {
      waitingSince = monotonic();
      const detail = { since: new Date(last / 1000).toISOString(), now: new Date(now / 1000).toISOString() };
      events.record({ kind: 'history_waits', actor: 'system', detail });
      log.warn(detail, 'the clock has leapt: nothing is dropped for its age for a day, in case it is wrong');
    }
    return monotonic() - waitingSince < WAIT_MS;
  };

  return {
    /** Drops what is older than it is to be kept. `now`: microseconds of a clock that can be believed. */
    async run(now: Micros): Promise<void> {
      if (await waits(now)) return;
      if (keep.raw !== null) {
        const imported = (await remembered(IMPORTED)) ?? 0;
        const known = await state.current();
        const before = Math.min(now - keep.raw * 1000, known.rolledBefore);
        // What has become too old since: an import may have brought older ones just now.
        const from = now - imported < IMPORT_GRACE ? known.rawFrom : 0;
        for (const day of rawDays(known)) {
          if (day >= from && day + DAY <= before && !(await hasLate(day))) await dropDay(day, 'retention');
        }
      }
      if (keep.minute !== null && (await dropOld('minute_rollups', now - keep.minute * 1000))) {
        const [first] = [...(await state.load()).partitions.minute_rollups].sort((a, b) => a - b);
        if (first !== undefined) await state.change({ minutes_from: first });
      }
      if (keep.hour !== null) await dropOld('hour_rollups', now - keep.hour * 1000);
      await remember(RAN, now);
    },

    imported: (now: Micros) => remember(IMPORTED, now),

    /**
     * Drops the oldest day of raw readings, never the newest: null when that is the only one, or when its summaries have
     * not been made yet.
     */
    async dropOldestDay(now: Micros): Promise<DroppedDay | null> {
      const known = await state.load();
      const [oldest, ...newer] = rawDays(known).filter((day) => day <= now);
      if (oldest === undefined || newer.length === 0 || oldest + DAY > known.rolledBefore) return null;
      return dropDay(oldest, 'disk');
    },
  };

  async function hasLate(day: Micros): Promise<boolean> {
    const found = await sql.unsafe(
      `select 1 from late_hours where hour >= ${sqlTime(day)} and hour < ${sqlTime(day + DAY)} limit 1`,
    );
    return found.length > 0;
  }
}

export type RetentionKeeper = ReturnType<typeof createRetention>;
