import type postgres from 'postgres';
import { isUnavailable } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import type { Micros } from '../domain/types.ts';
import { isLockNotAvailable } from '../stores/violations.ts';
import { builtHours } from './built-hours.ts';
import { type HourOfWidget, putChunks, remakeHour, type WidgetHour, writeInTurn } from './hours.ts';
import type { Pace } from './pace.ts';
import { dropPartitions, type Partitions, partitionSize } from './partitions.ts';
import type { Roller } from './roller.ts';
import type { RowSource } from './rows.ts';
import { DAY, HOUR, sqlTime, sqlWithin } from './spans.ts';
import type { HistoryStateStore } from './state.ts';
import type { Turns } from './turns.ts';

/** Readings stay as plain rows until their day has been over for this long: most of what comes late has come by then. */
export const PACK_AFTER = DAY;
const BATCH = 64;
const BATCH_BYTES = 4 * 1024 * 1024;
const MIB = 1024 * 1024;

const bytesOf = (hours: readonly WidgetHour[]): number =>
  hours.reduce(
    (sum, { built }) =>
      built.parts.reduce((bytes, part) => bytes + part.keys.length + part.values.length, sum),
    0,
  );

/** Those are gathered for a while before they are packed. */
const GATHER_MS = 3_600_000;
/** Readings that come while a day is being packed; after so many tries it waits for the next run. */
const MAX_TRIES = 5;
/** Such as by a backup, which reads every table for its whole length. */
const HELD_MS = 300_000;

export interface PackerDeps {
  sql: postgres.Sql;
  state: HistoryStateStore;
  source: RowSource;
  roller: Pick<Roller, 'settleLate'>;
  turns: Turns;
  widgetIds: () => Promise<number[]>;
  pace: Pace;
  stopped: () => boolean;
  log: Log;
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
  /** A partition of fewer bytes holds few readings, mostly ones that came after their day had been packed. */
  small?: number;
}

/** Packs the plain rows of past days, and drops them whole. One at a time over all nodes. */
export function createPacker(deps: PackerDeps) {
  const {
    sql,
    state,
    source,
    roller,
    turns,
    widgetIds,
    pace,
    stopped,
    log,
    monotonic,
    small = 8 * MIB,
  } = deps;
  /** Since when there have been plain rows of a day that has packed ones. */
  const gathering = new Map<Micros, number>();
  /** Days of which all is packed, whose rows somebody reads: when to try to drop them again. */
  const held = new Map<Micros, number>();

  const within = (column: string, day: Micros) => sqlWithin(column, day, day + DAY);

  const put = (made: readonly WidgetHour[]) => writeInTurn(sql, turns, (tx) => putChunks(tx, made));

  const packHour = async (ids: readonly number[], hour: Micros): Promise<void> => {
    const packed = await sql.unsafe<{ widget_id: number }[]>(
      `select distinct widget_id from chunks where hour = ${sqlTime(hour)}`,
    );
    const before = new Set(packed.map(({ widget_id }) => widget_id));
    const fresh = ids.filter((id) => !before.has(id));
    let made: WidgetHour[] = [];
    for await (const built of builtHours(fresh, hour, { source, pace, stopped, pack: true })) {
      if (made.push(built) < BATCH && bytesOf(made) < BATCH_BYTES) continue;
      await put(made);
      made = [];
    }
    await put(made);
    // A run that was cut has packed them, and more may have come since.
    for (const widgetId of before) await packAgain({ widgetId, hour });
  };

  const packAgain = async (of: HourOfWidget) => {
    const plain = await source.pagesOf(of.widgetId, of.hour).next();
    if (plain.done) return;
    await remakeHour(sql, source, of, { pack: true, keep: true, guard: turns.guard });
    await pace();
  };

  const packAll = async (ids: readonly number[], day: Micros): Promise<void> => {
    for (let hour = day; hour < day + DAY && !stopped(); hour += HOUR)
      await turns.run(() => packHour(ids, hour));
  };

  /** Where there are few rows, they tell which hours they are of. Gives the widgets; those that are gone go with their rows. */
  const packFew = async (ids: readonly number[], day: Micros): Promise<number[]> => {
    const rows = await sql.unsafe<{ widget_id: number; hour: Micros }[]>(
      `select distinct widget_id, floor(date_part('epoch', at) / 3600) * 3.6e9 as hour from readings where ${within('at', day)}`,
    );
    const there = new Set(ids);
    const few = rows.filter(({ widget_id }) => there.has(widget_id));
    for (const { widget_id: widgetId, hour } of few) {
      if (stopped()) break;
      await turns.run(() => packAgain({ widgetId, hour }));
    }
    return [...new Set(few.map(({ widget_id }) => widget_id))];
  };

  /** Has every row been packed? Looked at before rows are dropped, widget by widget: each statement is short. */
  const complete = async (ids: readonly number[], day: Micros): Promise<boolean> => {
    for (const id of ids) {
      const count = (what: string, table: string, column: string) =>
        `(select ${what} from ${table} where widget_id = ${id} and ${within(column, day)})::float8`;
      const [found] = await sql.unsafe<{ plain: number; packed: number | null }[]>(
        `select ${count('count(*)', 'readings', 'at')} as plain, ${count('sum(count)', 'chunks', 'hour')} as packed`,
      );
      if (found !== undefined && found.plain > (found.packed ?? 0)) {
        log.error(
          { widget: id, day: new Date(day / 1000), ...found },
          'not all readings are packed: the rows are kept',
        );
        return false;
      }
      await pace();
    }
    return true;
  };

  /** true: the day has no plain rows any more. */
  const packDay = async (day: Micros): Promise<boolean> => {
    if (!held.has(day)) {
      await state.ensure('chunks', day);
      let ids = await widgetIds();
      if ((await partitionSize(sql, 'readings', day)) < small) ids = await packFew(ids, day);
      else await packAll(ids, day);
      if (stopped() || !(await complete(ids, day))) return false;
    }
    const unless = `select 1 from late_hours where ${within('hour', day)} limit 1`;
    for (let tries = 0; tries < MAX_TRIES && !stopped(); tries++) {
      await roller.settleLate();
      const dropped = await dropPartitions(sql, [{ table: 'readings', start: day }], { unless }).catch(
        (error: unknown) => {
          if (!isLockNotAvailable(error)) throw error;
          held.set(day, monotonic() + HELD_MS);
          log.info(
            { day: new Date(day / 1000) },
            'plain rows are packed and still being read: dropped later',
          );
        },
      );
      if (dropped === undefined) return false;
      if (dropped) {
        await state.load();
        gathering.delete(day);
        held.delete(day);
        return true;
      }
    }
    return false;
  };

  /** Is a day read by somebody, or are few readings of one that is packed being gathered still? Each time costs a partition. */
  const waits = async (day: Micros, { chunks }: Partitions): Promise<boolean> => {
    if ((held.get(day) ?? 0) > monotonic()) return true;
    if (!chunks.has(day) || (await partitionSize(sql, 'readings', day)) >= small) return false;
    const since = gathering.get(day) ?? monotonic();
    gathering.set(day, since);
    return monotonic() - since < GATHER_MS;
  };

  return {
    packDay,

    /** Packs the days that are over and summed up, oldest first. `now`: microseconds. */
    async packDue(now: Micros): Promise<void> {
      const { partitions, rolledBefore } = await state.load();
      const end = Math.min(now - PACK_AFTER, rolledBefore);
      const due = [...partitions.readings].filter((day) => day + DAY <= end).sort((a, b) => a - b);
      for (const day of due) {
        if (stopped()) return;
        try {
          if (!(await waits(day, partitions))) await packDay(day);
        } catch (error) {
          if (isUnavailable(error)) throw error;
          // One that cannot be packed holds up no other.
          log.error(
            { err: error, day: new Date(day / 1000) },
            'a day could not be packed: its plain rows stay',
          );
        }
      }
    },
  };
}

export type Packer = ReturnType<typeof createPacker>;
