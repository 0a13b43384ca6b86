import { setTimeout as sleep } from 'node:timers/promises';
import type { Micros } from '../../db/domain/types.ts';
import type { HistoryService } from '../../db/history/index.ts';
import { DAY, HOUR, MINUTE } from '../../db/history/spans.ts';
import { createReadingStore } from '../../db/stores/readings.ts';
import type { BenchDatabase } from './database.ts';
import { createProgress, say, seconds, whole } from './progress.ts';
import { createSensors } from './sensors.ts';

/** As many as the program stores with one statement. */
const GROUP = 4000;
const MAX_TRIES = 300;
const TRY_AGAIN_MS = 200;

export interface PlainDay {
  history: HistoryService;
  widgetIds: readonly number[];
  /** Its start. */
  day: Micros;
  /** Between two readings of a widget, microseconds. */
  every: Micros;
}

/** Stores a day as devices report it. Gives the number of readings. */
export async function storeDay(
  { sql }: BenchDatabase,
  { history, widgetIds, day, every }: PlainDay,
): Promise<number> {
  const store = createReadingStore(sql, history.state);
  const sensors = createSensors({ widgetIds, every, seed: day / DAY });
  const all = widgetIds.length * (DAY / every);
  const progress = createProgress(`a day of ${whole(all)} readings`, all);
  let stored = 0;
  for (let start = day; start < day + DAY; start += HOUR) {
    const readings = sensors.between(start, start + HOUR);
    for (let i = 0; i < readings.length; i += GROUP) {
      const group = readings.slice(i, i + GROUP);
      const outcomes = await store.commit(group.map((reading) => [reading]));
      if (outcomes?.some(({ ok }) => !ok)) throw new Error('a reading was not stored');
      stored += group.length;
      progress(stored);
    }
  }
  return stored;
}

export interface BytesResult {
  /** Between two readings of a widget, seconds. */
  every: number;
  readings: number;
  /** Bytes of a reading: rows with their index. */
  plain: number;
  /** Packed, with index and what is stored out of line. */
  packed: number;
  minutes: number;
  hours: number;
  /** Readings a second. */
  storeRate: number;
  sweepRate: number;
  packRate: number;
}

/** What a reading takes as a plain row, packed, and as its share of the summaries. */
export async function weigh(database: BenchDatabase, of: PlainDay): Promise<BytesResult> {
  const { history, day, every } = of;
  const grown = async (table: string, work: () => Promise<unknown>) => {
    const before = await database.bytesOf(table);
    const began = performance.now();
    await work();
    return { bytes: (await database.bytesOf(table)) - before, seconds: seconds(began) };
  };
  let readings = 0;
  const plain = await grown('readings', async () => {
    readings = await storeDay(database, of);
  });
  const hoursBefore = await database.bytesOf('hour_rollups');
  const minutes = await grown('minute_rollups', () => history.roller.roll(day + DAY + HOUR - MINUTE));
  const hours = (await database.bytesOf('hour_rollups')) - hoursBefore;
  const packed = await grown('chunks', async () => {
    // PostgreSQL may be looking through the day's rows just now: they cannot be dropped then.
    for (let tries = 0; !(await history.packer.packDay(day)); tries++) {
      if (tries === MAX_TRIES) throw new Error('the day was not packed');
      await sleep(TRY_AGAIN_MS);
    }
  });
  const result = {
    every: every / 1e6,
    readings,
    plain: plain.bytes / readings,
    packed: packed.bytes / readings,
    minutes: minutes.bytes / readings,
    hours: hours / readings,
    storeRate: readings / plain.seconds,
    sweepRate: readings / minutes.seconds,
    packRate: readings / packed.seconds,
  };
  say(
    `a reading each ${result.every} s: ${result.plain.toFixed(1)} bytes plain, ${result.packed.toFixed(2)} packed, ${(result.minutes + result.hours).toFixed(2)} of summaries; ${whole(result.packRate)} a second packed`,
  );
  return result;
}
