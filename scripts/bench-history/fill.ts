import type { Micros } from '../../db/domain/types.ts';
import type { HistoryService } from '../../db/history/index.ts';
import { DAY, HOUR, MINUTE } from '../../db/history/spans.ts';
import type { BenchDatabase } from './database.ts';
import { createProgress, say, seconds, whole } from './progress.ts';
import { createSensors } from './sensors.ts';

/** Readings that are handed to the importer together, about: whole hours, as it packs them. */
const BATCH = 10_000;
const MINUTES_AN_HOUR = 60;

export interface FillResult {
  /** In the database afterwards. */
  readings: number;
  widgets: number;
  added: number;
  /** Through the importer, those that it packed, and those of the last days. */
  packedSeconds: number;
  packed: number;
  plainSeconds: number;
  /** Summaries of the hours of the last days, as the program makes them. */
  sweepSeconds: number;
  /** Of the whole database. */
  bytes: number;
}

export interface FillOptions {
  history: HistoryService;
  widgetIds: readonly number[];
  /** Widgets that had been filled before. */
  before: number;
  days: number;
  /** A whole minute, microseconds. */
  now: Micros;
}

/** Readings of new widgets, one a minute until now, through the importer. */
export async function fill(
  database: BenchDatabase,
  { history, widgetIds, before, days, now }: FillOptions,
): Promise<FillResult> {
  const each = days * (DAY / MINUTE);
  const added = widgetIds.length * each;
  const sensors = createSensors({ widgetIds, every: MINUTE, seed: before });
  const start = now - days * DAY;
  const step = Math.ceil(BATCH / (widgetIds.length * MINUTES_AN_HOUR)) * HOUR;
  // Days are packed once they have been over for a day: the importer decides, this is only told apart.
  const plainFrom = Math.floor((now - DAY) / DAY) * DAY;
  const progress = createProgress(`fill to ${whole((before + widgetIds.length) * each)}`, added);
  let stored = 0;
  let packed = 0;
  const began = performance.now();
  const store = async (from: Micros, to: Micros) => {
    const readings = sensors.between(from, to);
    const outcomes = await history.importer.store(readings);
    if (!outcomes.every((outcome) => outcome === 'stored')) throw new Error('a reading was not stored');
    stored += readings.length;
    progress(stored);
  };
  const ends = function* (from: Micros, to: Micros) {
    for (let at = from; at < to; ) {
      const next = Math.min(Math.floor(at / HOUR) * HOUR + step, to);
      yield [at, next] as const;
      at = next;
    }
  };
  for (const [from, to] of ends(start, plainFrom)) await store(from, to);
  packed = stored;
  const packedSeconds = seconds(began);
  const plainBegan = performance.now();
  for (const [from, to] of ends(plainFrom, now)) await store(from, to);
  const plainSeconds = seconds(plainBegan);

  const sweepBegan = performance.now();
  await history.roller.roll(now);
  await history.roller.settleLate();
  const sweepSeconds = seconds(sweepBegan);
  const [size] = await database.sql.unsafe<{ bytes: number }[]>(
    'select pg_database_size(current_database())::float8 as bytes',
  );
  const widgets = before + widgetIds.length;
  say(
    `${whole(widgets * each)} readings of ${widgets} widgets: ${whole(packed / packedSeconds)} a second packed, ${whole((added - packed) / plainSeconds)} plain; summed up in ${sweepSeconds.toFixed(1)} s`,
  );
  return {
    readings: widgets * each,
    widgets,
    added,
    packed,
    packedSeconds,
    plainSeconds,
    sweepSeconds,
    bytes: size?.bytes ?? 0,
  };
}
