import type postgres from 'postgres';
import { DomainError } from '../../domain/errors.ts';
import type { ReadingKey } from '../../domain/row.ts';
import type { Micros, Value } from '../../domain/types.ts';
import { decodeValue } from '../../domain/value-codec.ts';
import { DAY, floorTo, HOUR, MINUTE, sqlMicros, sqlTime } from '../spans.ts';
import type { HistoryStateStore } from '../state.ts';
import { meanOf, noStates, type States, type Summary, stateOf } from '../summary.ts';
import { Buckets } from './buckets.ts';
import { type Order, type Range, type RawOptions, rawReadings } from './raw.ts';
import { segmentsOf, type Tier } from './segments.ts';
import { hourSummaries, minuteSummaries } from './summaries.ts';

export type { Range } from './raw.ts';
export type { Tier } from './segments.ts';

/** A question that takes longer is not one that a person waits for. */
const LIMIT_MS = 10_000;
/** A time as short as this is cut to the microsecond, however few intervals it is cut into. */
const SHORT = 2 * HOUR;
/** Raw readings are looked through this far back for a state; before that, hours tell it. */
const LOOK_BACK = 2 * DAY;

export interface StoredReading extends ReadingKey {
  value: Value;
}

export interface HistoryNumbers {
  /** null for readings that are text alone. */
  min: number | null;
  max: number | null;
  avg: number | null;
  count: number;
  /** Seconds by state; null where there are numbers alone. */
  states: Record<string, number> | null;
}

export interface HistoryPoint extends HistoryNumbers {
  /** Start of the interval. */
  at: Micros;
  last: Value;
}

export interface History {
  /** The finest that was read from: raw readings, or summaries of minutes or hours. */
  tier: Tier;
  /** Length of the intervals. */
  width: Micros;
  points: HistoryPoint[];
  stats: HistoryNumbers;
}

function secondsOf(states: States | null): Record<string, number> | null {
  if (states === null) return null;
  const seconds = [...states.times].map(([state, time]): [string, number] => [state, time / 1e6]);
  if (states.other > 0) seconds.push(['(other)', states.other / 1e6]);
  return Object.fromEntries(seconds);
}

const numbersOf = (summary: Summary): HistoryNumbers => ({
  count: summary.count,
  min: summary.min,
  max: summary.max,
  avg: meanOf(summary),
  states: secondsOf(summary.states),
});

const EMPTY: HistoryNumbers = { count: 0, min: null, max: null, avg: null, states: null };

/** Intervals of whole hours, whole minutes, or any length: by what they can be read from. */
function plan({ from, to }: Range, points: number): { tier: Tier; origin: Micros; width: Micros } {
  const least = (to - from + 1) / points;
  const [tier, unit]: [Tier, Micros] =
    least <= MINUTE || to - from <= SHORT ? ['raw', 1] : least <= HOUR ? ['minute', MINUTE] : ['hour', HOUR];
  const origin = floorTo(from, unit);
  return { tier, origin, width: Math.ceil((to + 1 - origin) / points / unit) * unit };
}

export function createHistoryStore(sql: postgres.Sql, state: Pick<HistoryStateStore, 'current'>) {
  const lateHours = async (widgetId: number, { from, to }: Range): Promise<Set<Micros>> => {
    const rows = await sql.unsafe<{ hour: Micros }[]>(
      `select distinct ${sqlMicros('hour')} as hour from late_hours where widget_id = ${widgetId}
         and hour >= ${sqlTime(floorTo(from, HOUR))} and hour <= ${sqlTime(to)}`,
    );
    return new Set(rows.map(({ hour }) => hour));
  };

  const raw = async (widgetId: number, range: Range, options?: RawOptions) => {
    const { readings, chunks } = (await state.current()).partitions;
    return rawReadings(sql, [...readings, ...chunks], widgetId, range, options);
  };

  /** The state that the last reading before a time began; null for a number, or without one. */
  const stateBefore = async (widgetId: number, at: Micros): Promise<string | null> => {
    const { rolledBefore } = await state.current();
    const hour = Math.max(Math.min(floorTo(at, HOUR), rolledBefore), floorTo(at - LOOK_BACK, HOUR));
    const readings = await raw(widgetId, { from: hour, to: at - 1 }, { order: 'desc', limit: 1 });
    const newest = (await readings.next()).value?.[0];
    if (newest !== undefined) return stateOf(newest);
    const [row] = await sql.unsafe<{ kind: number; num: number | null; txt: string | null }[]>(
      `select kind, num, txt from hour_rollups where widget_id = ${widgetId} and hour < ${sqlTime(hour)}
       order by hour desc limit 1`,
    );
    return row === undefined ? null : stateOf(row);
  };

  return {
    /** Raw readings of a widget within a range, both ends included, after `key` in the given order. */
    async readings(
      widgetId: number,
      range: Range,
      { order, key, limit }: { order: Order; key: ReadingKey | null; limit: number },
    ): Promise<StoredReading[]> {
      const found: StoredReading[] = [];
      for await (const page of await raw(widgetId, range, { order, after: key, limit })) {
        for (const { at, seq, kind, num, txt } of page)
          found.push({ at, seq, value: decodeValue(kind, num, txt) });
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },

    /** All raw readings of a widget within a range, ascending, page by page as they are taken. */
    async *stream(widgetId: number, range: Range): AsyncGenerator<StoredReading[]> {
      for await (const page of await raw(widgetId, range)) {
        yield page.map(({ at, seq, kind, num, txt }) => ({ at, seq, value: decodeValue(kind, num, txt) }));
      }
    },

    /**
     * The range cut into at most `points` intervals; those without a reading are left out. `now`: until when states last
     * at most. INVALID when it takes too long.
     */
    async history(widgetId: number, range: Range, points: number, now: Micros): Promise<History> {
      const deadline = performance.now() + LIMIT_MS;
      const { tier, origin, width } = plan(range, points);
      const known = await state.current();
      // Before what they are about: an hour that is settled meanwhile is read from its raw readings all the same.
      const late = await lateHours(widgetId, range);
      const start = tier === 'raw' ? range.from : Math.max(range.from, origin);
      const before = await stateBefore(widgetId, start);
      const end = Math.max(start, Math.min(range.to + 1, now));
      const buckets = new Buckets({ origin, width, start, end, before });
      for (const segment of segmentsOf(range, tier, known, late)) {
        if (segment.tier === 'raw') {
          for await (const rows of await raw(widgetId, segment)) {
            buckets.addRows(rows, segment.to + 1);
            inTime(deadline);
          }
          buckets.endRows();
          continue;
        }
        const read = segment.tier === 'hour' ? hourSummaries : minuteSummaries;
        for await (const page of read(sql, widgetId, segment)) {
          for (const timed of page) buckets.add(timed);
          inTime(deadline);
        }
      }
      const { buckets: found, all } = buckets.finish();
      return {
        tier,
        width,
        points: found.map(({ at, summary }) => ({
          at,
          ...numbersOf(summary),
          last: decodeValue(summary.last.kind, summary.last.num, summary.last.txt),
        })),
        stats: all === null ? statsOfNone(before, end - start) : numbersOf(all),
      };
    },
  };
}

function statsOfNone(before: string | null, time: Micros): HistoryNumbers {
  if (before === null) return EMPTY;
  const states = noStates();
  states.times.set(before, time);
  return { ...EMPTY, states: secondsOf(states) };
}

function inTime(deadline: number): void {
  if (performance.now() > deadline) {
    throw new DomainError(
      'INVALID',
      `this takes longer than ${LIMIT_MS / 1000} s: ask for a shorter time, or for fewer points, of which each then is a minute or more`,
    );
  }
}

export type HistoryStore = ReturnType<typeof createHistoryStore>;
