import type { Micros } from '../../db/domain/types.ts';
import { DAY, MINUTE, SECOND } from '../../db/history/spans.ts';
import { type BytesResult, weigh } from './bytes.ts';
import { cleaningUp } from './clean-up.ts';
import { type BenchDatabase, type OnEnd, openBenchDatabase } from './database.ts';
import { type ExportResult, exportCsv } from './export.ts';
import { type FillResult, fill } from './fill.ts';
import { measureIngest, type PhaseResult } from './ingest.ts';
import { type FillPlan, type Kind, type Part, planOf } from './options.ts';
import { say } from './progress.ts';
import { ask, type QuestionResult } from './questions.ts';

/** Below this everything is short, so that it can be tried out. */
const FULL = 10e6;
/** Its readings are exported: those of all sizes but the largest. */
const EXPORTED = 'bench-small';

export interface StepResult {
  fill: FillResult;
  questions: QuestionResult[];
}

export interface KindResult {
  kind: Kind;
  days: number;
  steps: StepResult[];
  exports: ExportResult[];
  bytes: BytesResult[];
  ingest: PhaseResult[];
}

export async function benchmark(kind: Kind, scale: number, parts: readonly Part[]): Promise<KindResult> {
  const plan = planOf(scale);
  const result: KindResult = { kind, days: plan.days, steps: [], exports: [], bytes: [], ingest: [] };
  if (parts.includes('fill')) {
    say(`${kind}: fill, questions, CSV`);
    await cleaningUp((onEnd) => grow(kind, plan, scale >= FULL, onEnd, result));
  }
  if (parts.includes('bytes') || parts.includes('ingest')) {
    say(`${kind}: bytes, ingest`);
    await cleaningUp(async (onEnd) => {
      const database = await openBenchDatabase(kind, onEnd);
      const widgetIds = await database.addWidgets('bench', scale >= FULL ? 50 : 5);
      if (parts.includes('bytes')) result.bytes = await weighAll(database, widgetIds);
      if (parts.includes('ingest')) {
        const short = { every: 10 * SECOND, days: 20, phaseMs: 3000, rounds: 1 };
        const long = { every: SECOND, days: 12, phaseMs: 20_000, rounds: 2 };
        result.ingest = await measureIngest(database, { widgetIds, ...(scale >= FULL ? long : short) });
      }
    });
  }
  return result;
}

async function grow(kind: Kind, { days, sizes }: FillPlan, full: boolean, onEnd: OnEnd, result: KindResult) {
  const now: Micros = Math.floor((Date.now() * 1000) / MINUTE) * MINUTE;
  const database = await openBenchDatabase(kind, onEnd);
  const history = database.history({ now: () => now / 1000 });
  const widgetIds: number[] = [];
  for (const [i, { widgets }] of sizes.entries()) {
    const largest = i === sizes.length - 1;
    const before = widgetIds.length;
    const added = await database.addWidgets(largest ? 'bench-large' : EXPORTED, widgets - before);
    widgetIds.push(...added);
    result.steps.push({
      fill: await fill(database, { history, widgetIds: added, before, days, now }),
      questions: await ask({ queries: history.queries, widgetIds, days, now }),
    });
  }
  const exported = sizes.at(-2)?.readings ?? 0;
  result.exports = await exportCsv(database, EXPORTED, exported, full ? 60_000 : 5000);
}

/** On days of different months: what a partition grows by is then one day's. */
async function weighAll(database: BenchDatabase, widgetIds: readonly number[]): Promise<BytesResult[]> {
  const history = database.history();
  const today = Math.floor((Date.now() * 1000) / DAY) * DAY;
  const weighDay = (daysAgo: number, every: Micros) =>
    weigh(database, { history, widgetIds, day: today - daysAgo * DAY, every });
  return [await weighDay(200, SECOND), await weighDay(100, MINUTE)];
}
