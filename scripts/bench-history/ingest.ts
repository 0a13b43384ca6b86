import { setTimeout as sleep } from 'node:timers/promises';
import { createClock } from '../../db/domain/clock.ts';
import { monotonic } from '../../db/domain/time.ts';
import type { Micros } from '../../db/domain/types.ts';
import type { HistoryService } from '../../db/history/index.ts';
import { createLoad } from '../../db/history/pace.ts';
import { DAY, MINUTE } from '../../db/history/spans.ts';
import { createReadingWriter } from '../../db/reading-writer.ts';
import { silent } from '../../test/helpers/database.ts';
import { Quantiles } from '../load-test/quantiles.ts';
import { storeDay } from './bytes.ts';
import type { BenchDatabase } from './database.ts';
import { say, whole } from './progress.ts';

/** Messages of one reading that wait for their acknowledgement. */
const OUTSTANDING = 2000;
const TRY_AGAIN_MS = 200;
/** Load before the first phase and between phases. */
const SETTLE_MS = 2000;
const STOP_MS = 10_000;

export interface PhaseResult {
  /** `kept`: while past days are summed up and packed. */
  phase: 'alone' | 'kept';
  seconds: number;
  /** Readings a second. */
  rate: number;
  /** From the write of a reading to its acknowledgement, milliseconds. */
  p50: number;
  p99: number;
  /** Readings a second that were summed up and packed meanwhile, each both. */
  packed: number;
}

export interface IngestOptions {
  /** Of devices that report now, at full speed. */
  widgetIds: readonly number[];
  /** Of one day of two widgets, of which there are plenty. */
  every: Micros;
  days: number;
  phaseMs: number;
  /** How often history is kept beside it, each between two phases without. */
  rounds: number;
}

/** Readings a second that the writer stores, with and without the keeping of history beside it, by turns. */
export async function measureIngest(database: BenchDatabase, options: IngestOptions): Promise<PhaseResult[]> {
  const { widgetIds, every, days, phaseMs, rounds } = options;
  const phases = [
    'alone',
    ...Array.from({ length: rounds }, () => ['kept', 'alone'] as const).flat(),
  ] as const;
  const load = createLoad(monotonic);
  const history = database.history({ busy: load.busy });
  const today = Math.floor((Date.now() * 1000) / DAY) * DAY;
  const old: Micros[] = [];
  let perDay = 0;
  for (let i = days; i > 0; i--) {
    const day = today - (i + 2) * DAY;
    perDay = await storeDay(database, { history, widgetIds: widgetIds.slice(0, 2), day, every });
    old.push(day);
  }
  const writing = startWriting(database, history, load, widgetIds);
  const results: PhaseResult[] = [];
  try {
    for (const phase of phases) {
      await sleep(SETTLE_MS);
      const before = writing.begin();
      const began = performance.now();
      let packed = 0;
      if (phase === 'alone') await sleep(phaseMs);
      else {
        // Whole days: one that is cut would be begun anew.
        while (performance.now() - began < phaseMs) packed += await keepDay(history, old.shift(), perDay);
      }
      const seconds = (performance.now() - began) / 1000;
      const { stored, times } = writing.since(before);
      const result = {
        phase,
        seconds,
        rate: stored / seconds,
        p50: times.at(0.5),
        p99: times.at(0.99),
        packed: packed / seconds,
      };
      say(
        `ingest ${phase}: ${whole(result.rate)} a second, p99 ${result.p99.toFixed(0)} ms, ${whole(result.packed)} a second packed meanwhile`,
      );
      results.push(result);
    }
  } finally {
    await writing.stop();
  }
  return results;
}

async function keepDay(history: HistoryService, day: Micros | undefined, readings: number): Promise<number> {
  if (day === undefined) throw new Error('there were too few old days to pack');
  await history.roller.roll(day + DAY + 2 * MINUTE);
  // PostgreSQL may be looking through the day's rows just now: they cannot be dropped then.
  while (!(await history.packer.packDay(day))) await sleep(TRY_AGAIN_MS);
  return readings;
}

function startWriting(
  { sql }: BenchDatabase,
  history: HistoryService,
  load: ReturnType<typeof createLoad>,
  widgetIds: readonly number[],
) {
  const clock = createClock(Date.now, 0);
  const writer = createReadingWriter({
    sql,
    history: history.state,
    log: silent,
    onStored: ({ at }) => clock.stored(at),
    onGroup: (readings) => load.stored(readings),
  });
  let going = true;
  let stored = 0;
  let next = 0;
  let times = new Quantiles();
  let failed: string | null = null;
  const one = () => {
    const widgetId = widgetIds[next++ % widgetIds.length] ?? 0;
    const began = performance.now();
    const value = Math.round(2000 + 500 * Math.sin(next / 1e5)) / 100;
    writer.write({
      readings: [{ widgetId, at: clock.arrival(), seq: 0, value }],
      stored: (outcome) => {
        if (!outcome.ok) failed ??= outcome.message;
        stored++;
        times.add(performance.now() - began);
        if (going) one();
      },
    });
  };
  writer.start();
  for (let i = 0; i < OUTSTANDING; i++) one();
  return {
    begin: () => {
      times = new Quantiles();
      return stored;
    },
    since: (before: number) => {
      if (failed !== null) throw new Error(failed);
      return { stored: stored - before, times };
    },
    stop: async () => {
      going = false;
      await writer.stop(STOP_MS);
    },
  };
}

/** By how much fewer are stored while history is kept, than in the phases before and after: that alone changes as the day grows. */
export function slowdowns(phases: readonly PhaseResult[]): number[] {
  return phases.flatMap(({ phase, rate }, i) => {
    const [before, after] = [phases[i - 1], phases[i + 1]];
    if (phase === 'alone' || before === undefined || after === undefined) return [];
    return [1 - rate / ((before.rate + after.rate) / 2)];
  });
}
