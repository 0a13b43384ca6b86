import type postgres from 'postgres';
import { isUnavailable } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import type { Micros } from '../domain/types.ts';
import { builtHours } from './built-hours.ts';
import { putSummaries, remakeHour, type WidgetHour, writeInTurn } from './hours.ts';
import type { Pace } from './pace.ts';
import type { RowSource } from './rows.ts';
import { DAY, floorTo, HOUR, MINUTE, sqlMicros, sqlTime } from './spans.ts';
import type { HistoryState, HistoryStateStore } from './state.ts';
import type { Turns } from './turns.ts';

/** An hour is summed up this long after its end: most of what comes late has come by then. */
const AFTER = 2 * MINUTE;
/** Hours of widgets written together. */
const BATCH = 64;
/** Marks looked at together. */
const LATE_BATCH = 2000;

/** Of one run: what else is to be kept up has its turn too. */
const LATE_MS = 60_000;

interface LateHour {
  widget_id: number;
  hour: Micros;
  ids: string;
  last: number;
  /** Is there such a widget still? */
  alive: boolean;
}

export interface RollerDeps {
  sql: postgres.Sql;
  state: HistoryStateStore;
  source: RowSource;
  turns: Turns;
  /** Of every widget that there is, ascending. */
  widgetIds: () => Promise<number[]>;
  pace: Pace;
  stopped: () => boolean;
  log: Log;
}

/** Keeps the summaries of minutes and hours up as readings arrive. One at a time over all nodes. */
export function createRoller({ sql, state, source, turns, widgetIds, pace, stopped, log }: RollerDeps) {
  /** Where it has packed readings, those count too. */
  const hasChunks = (known: HistoryState, hour: Micros) => known.partitions.chunks.has(floorTo(hour, DAY));

  const remake = async (widgetId: number, hour: Micros, done: readonly number[]) => {
    await state.ensure('minute_rollups', hour);
    await state.ensure('hour_rollups', hour);
    await turns.run(async () => {
      // Now, not before: raw readings may have been dropped while others had their turn.
      const known = await state.fresh();
      const options = { pack: hasChunks(known, hour), keep: hour < known.rawFrom, done, guard: turns.guard };
      await remakeHour(sql, source, { widgetId, hour }, options);
    });
    await pace();
  };

  /** As `remake`; an hour that cannot be read is marked, and holds up no other. */
  const remakeOrMark = async (widget: number, hour: Micros, done: readonly number[]) => {
    try {
      await remake(widget, hour, done);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      log.error({ err: error, widget, hour: new Date(hour / 1000) }, 'an hour could not be summed up');
      if (done.length === 0) {
        await sql.unsafe(`insert into late_hours (widget_id, hour) values (${widget}, ${sqlTime(hour)})`);
      }
    }
  };

  const put = (made: readonly WidgetHour[]) => writeInTurn(sql, turns, (tx) => putSummaries(tx, made));

  /** All widgets' summaries of an hour that is over, of plain rows alone. */
  const sweepPlain = async (ids: readonly number[], hour: Micros): Promise<void> => {
    let made: WidgetHour[] = [];
    for await (const built of builtHours(ids, hour, { source, pace, stopped, pack: false })) {
      if (made.push(built) < BATCH) continue;
      await put(made);
      made = [];
    }
    await put(made);
  };

  /** false: stopped before the end. */
  const sweep = async (hour: Micros): Promise<boolean> => {
    const ids = await widgetIds();
    await state.ensure('minute_rollups', hour);
    await state.ensure('hour_rollups', hour);
    // An import packs in between turns, and what it brings counts too.
    const packed = await turns.run(async () => {
      const has = hasChunks(await state.fresh(), hour);
      if (!has) await sweepPlain(ids, hour);
      return has;
    });
    if (packed) {
      for (const id of ids) {
        if (stopped()) return false;
        await remakeOrMark(id, hour, []);
      }
    }
    return !stopped();
  };

  /** The next hour of a day that has readings which are not packed, `end` if there is none before. */
  const nextHour = ({ partitions }: HistoryState, from: Micros, end: Micros): Micros => {
    let next = end;
    for (const day of partitions.readings) {
      if (day + DAY > from && day < next) next = Math.max(day, from);
    }
    return next;
  };

  return {
    /** Sums up the hours that are over. `now`: microseconds. */
    async roll(now: Micros): Promise<void> {
      const end = floorTo(now - AFTER, HOUR);
      let known = await state.load();
      if (known.rolledBefore > end + HOUR) {
        // The clock had been ahead: what it took for the past is yet to come.
        await state.change({ claimed_before: end, rolled_before: end });
      }
      while (!stopped()) {
        known = await state.current();
        if (known.rolledBefore >= end) return;
        let hour = nextHour(known, known.rolledBefore, end);
        const claimed = Math.min(hour + HOUR, end);
        if (known.claimedBefore < claimed) {
          // From here on who stores a reading of before that marks it as late, and those under way have ended: what they
          // stored is seen, in a day that had no readings before too.
          await state.change({ claimed_before: claimed });
          known = await state.current();
          hour = nextHour(known, known.rolledBefore, end);
        }
        if (hour < end && !(await sweep(hour))) return;
        const done = Math.min(hour + HOUR, end);
        await state.change({ rolled_before: done });
      }
    },

    /**
     * Makes the summaries anew of hours for which readings came late, for as long as `milliseconds`. `until`: on a node
     * that is not the one to do it otherwise, where something waits for it.
     */
    async settleLate(milliseconds = LATE_MS, until = stopped): Promise<void> {
      const end = performance.now() + milliseconds;
      let after = 0;
      while (!until()) {
        const late = await sql.unsafe<LateHour[]>(
          `select widget_id, ${sqlMicros('hour')} as hour, array_agg(id)::text as ids,
             max(id)::float8 as last, exists (select 1 from widgets w where w.id = widget_id) as alive
           from (select * from late_hours where id > ${after} order by id limit ${LATE_BATCH}) oldest
           group by widget_id, oldest.hour`,
        );
        if (late.length === 0) return;
        for (const { widget_id, hour, ids, last, alive } of late) {
          if (until() || performance.now() > end) return;
          after = Math.max(after, last);
          const done = ids.slice(1, -1).split(',').map(Number);
          if (alive) await remakeOrMark(widget_id, hour, done);
          else await sql.unsafe(`delete from late_hours where id = any('{${done.join(',')}}')`);
        }
      }
    },
  };
}

export type Roller = ReturnType<typeof createRoller>;
