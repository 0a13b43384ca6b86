import type { Calls } from '../client/index.ts';

/** An interval of a history, as the server tells it. */
export type HistoryPoint = Calls['GET /api/widgets/{id}/history']['answer']['points'][number];

/** Intervals without a reading that a line passes over. */
const BRIDGED = 3;

/** Columns of a chart: seconds since 1970, and null where the line is broken. */
export interface Columns {
  xs: number[];
  min: (number | null)[];
  max: (number | null)[];
  avg: (number | null)[];
  /** Of each row the point that it is of; null in a gap. */
  points: (HistoryPoint | null)[];
  /** Rows that have no neighbour to draw a line to. */
  lonely: number[];
}

/**
 * What may lie between two points that belong together, milliseconds: some intervals, or some of what lies between most
 * of them, where a device reports less often than an interval is long.
 */
export function longestJoin(ats: readonly number[], intervalMs: number): number {
  const between = ats.slice(1).map((at, index) => at - (ats[index] ?? at));
  between.sort((a, b) => a - b);
  const usual = between[Math.floor(between.length * 0.75)] ?? 0;
  return BRIDGED * Math.max(intervalMs, usual);
}

/** Points of numbers as columns. A point stands in the middle of its interval, the last one no later than `now`. */
export function columnsOf(points: readonly HistoryPoint[], intervalS: number, now: number): Columns {
  const known = points.filter(({ avg }) => avg !== null);
  const ats = known.map(({ at }) => Date.parse(at));
  const longest = longestJoin(ats, intervalS * 1000);
  const columns: Columns = { xs: [], min: [], max: [], avg: [], points: [], lonely: [] };
  const add = (x: number, point: HistoryPoint | null) => {
    columns.xs.push(x);
    columns.min.push(point?.min ?? null);
    columns.max.push(point?.max ?? null);
    columns.avg.push(point?.avg ?? null);
    columns.points.push(point);
  };
  const xOf = (at: number) => Math.max(at, Math.min(at + intervalS * 500, now)) / 1000;
  let joined = false;
  for (const [index, point] of known.entries()) {
    const at = ats[index] ?? 0;
    const next = ats[index + 1];
    add(xOf(at), point);
    const goesOn = next !== undefined && next - at <= longest;
    if (!joined && !goesOn) columns.lonely.push(columns.xs.length - 1);
    if (!goesOn && next !== undefined) add((xOf(at) + xOf(next)) / 2, null);
    joined = goesOn;
  }
  return columns;
}

/** The row that is nearest to a time, where there is one within reach; seconds. */
export function rowAt({ xs, points }: Columns, x: number, reach: number): number | null {
  let best: number | null = null;
  let distance = reach;
  for (const [row, at] of xs.entries()) {
    if (points[row] === null || Math.abs(at - x) > distance) continue;
    best = row;
    distance = Math.abs(at - x);
  }
  return best;
}
