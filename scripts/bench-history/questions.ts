import type { Micros } from '../../db/domain/types.ts';
import type { HistoryService } from '../../db/history/index.ts';
import { DAY, HOUR } from '../../db/history/spans.ts';
import { type Random, randomOf } from '../../test/helpers/random.ts';
import { Quantiles } from '../load-test/quantiles.ts';
import { say } from './progress.ts';

const POINTS = 300;
const REPETITIONS = 200;
const WARM_UP = 20;

export const QUESTIONS = ['hour', 'day', 'month', 'year', 'last hour', 'last day'] as const;
export type Question = (typeof QUESTIONS)[number];
const SPANS: Record<Question, Micros> = {
  hour: HOUR,
  day: DAY,
  month: 30 * DAY,
  year: 365 * DAY,
  'last hour': HOUR,
  'last day': DAY,
};
const ENDS_NOW: ReadonlySet<Question> = new Set<Question>(['year', 'last hour', 'last day']);

export interface QuestionResult {
  question: Question;
  /** Milliseconds. */
  p50: number;
  p95: number;
  /** Of an answer, on average. */
  points: number;
}

export interface QuestionOptions {
  queries: HistoryService['queries'];
  widgetIds: readonly number[];
  days: number;
  now: Micros;
}

/** How long the store takes for the charts that people look at, one question after the other. */
export async function ask({ queries, widgetIds, days, now }: QuestionOptions): Promise<QuestionResult[]> {
  const random = randomOf(widgetIds.length);
  const results: QuestionResult[] = [];
  for (const question of QUESTIONS) {
    const times = new Quantiles();
    let points = 0;
    for (let i = -WARM_UP; i < REPETITIONS; i++) {
      const to = endOf(question, days, now, random);
      const widgetId = random.pick(widgetIds);
      const began = performance.now();
      const answer = await queries.history(widgetId, { from: to - SPANS[question], to }, POINTS, now);
      if (i < 0) continue;
      times.add(performance.now() - began);
      points += answer.points.length;
    }
    if (points === 0) throw new Error(`no answer to the question for a ${question}`);
    results.push({ question, p50: times.at(0.5), p95: times.at(0.95), points: points / REPETITIONS });
  }
  say(
    `questions: ${results.map(({ question, p50, p95 }) => `${question} ${p50.toFixed(1)}/${p95.toFixed(1)} ms`).join(', ')}`,
  );
  return results;
}

function endOf(question: Question, days: number, now: Micros, random: Random): Micros {
  const room = days * DAY - SPANS[question];
  return ENDS_NOW.has(question) || room <= 0 ? now : now - Math.floor(random.next() * room);
}
