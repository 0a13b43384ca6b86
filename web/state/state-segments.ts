import type { HistoryPoint } from './chart-columns.ts';

/** A time, milliseconds, and what part of it each state had, from 0 to 1. */
export interface Segment {
  from: number;
  to: number;
  shares: ReadonlyMap<string, number>;
}

export interface StateHistory {
  points: readonly HistoryPoint[];
  /** Seconds. */
  interval: number;
  stats: { states?: Record<string, number> };
}

/** What the server calls states beyond those that it tells apart. */
export const OTHER = '(other)';
const LONGEST_STATE = 64;
/** Seconds that sums of parts may be off by. */
const TOLERANCE_S = 0.5;

/** The state that a reading begins; null for a number. */
export function stateOf(value: string | number | boolean): string | null {
  if (typeof value === 'number') return null;
  const state = String(value);
  return state.length > LONGEST_STATE ? OTHER : state;
}

const alone = (state: string) => new Map([[state, 1]]);

function sharesOf(states: Record<string, number>): Map<string, number> {
  const told = Object.entries(states).filter(([, seconds]) => seconds > 0);
  const whole = told.reduce((sum, [, seconds]) => sum + seconds, 0);
  return new Map(told.map(([state, seconds]) => [state, seconds / whole]));
}

const isSame = (a: Segment['shares'], b: Segment['shares']) =>
  a.size === 1 && b.size === 1 && [...a.keys()][0] === [...b.keys()][0];

/**
 * States over a time, without holes where the state is known: it lasts until the next reading, and to the end. What was
 * before the first point is what the sums of all have more than the points.
 */
export function segmentsOf({ points, interval, stats }: StateHistory, from: number, end: number): Segment[] {
  const found: Segment[] = [];
  const add = (begin: number, until: number, shares: Segment['shares']) => {
    const before = found.at(-1);
    if (until <= begin || shares.size === 0) return;
    if (before !== undefined && before.to >= begin && isSame(before.shares, shares)) before.to = until;
    else found.push({ from: begin, to: until, shares });
  };
  let at = from;
  let state = stateBefore({ points, interval, stats }, from, end);
  for (const point of points) {
    const begin = Math.max(from, Date.parse(point.at));
    const until = Math.min(end, Date.parse(point.at) + interval * 1000);
    if (state !== null) add(at, begin, alone(state));
    if (point.states !== undefined) add(begin, until, sharesOf(point.states));
    state = stateOf(point.last);
    at = Math.max(at, until);
  }
  if (state !== null) add(at, end, alone(state));
  return found;
}

function stateBefore({ points, interval, stats }: StateHistory, from: number, end: number): string | null {
  const left = new Map(Object.entries(stats.states ?? {}));
  const take = (state: string, seconds: number) => left.set(state, (left.get(state) ?? 0) - seconds);
  for (const [index, point] of points.entries()) {
    for (const [state, seconds] of Object.entries(point.states ?? {})) take(state, seconds);
    const begin = Date.parse(point.at) + interval * 1000;
    const next = points[index + 1];
    const until = next === undefined ? end : Date.parse(next.at);
    const lasts = stateOf(point.last);
    if (lasts !== null && until > begin) take(lasts, (until - begin) / 1000);
  }
  const first = points[0];
  if (first !== undefined && Date.parse(first.at) <= from) return null;
  const [most] = [...left].sort(([, a], [, b]) => b - a);
  return most !== undefined && most[1] > TOLERANCE_S ? most[0] : null;
}

export const OFF = '0';
export const ON = '1';

/**
 * The history of a switch that tells 0 and 1, as if it told words. How long each lasted within an interval is not told:
 * the mean of its readings stands for it.
 */
export function ofSwitch(history: StateHistory, from: number, end: number): StateHistory {
  const points = history.points.flatMap((point) => {
    if (point.avg === null) return [];
    const begin = Math.max(from, Date.parse(point.at));
    const until = Math.min(end, Date.parse(point.at) + history.interval * 1000);
    const on = Math.min(1, Math.max(0, point.avg));
    const seconds = Math.max(0, until - begin) / 1000;
    const states = { [ON]: on * seconds, [OFF]: (1 - on) * seconds };
    return [{ ...point, states, last: Number(point.last) === 0 ? OFF : ON }];
  });
  const whole = { ...history, points, stats: {} };
  return { ...whole, stats: { states: Object.fromEntries(totalsOf(segmentsOf(whole, from, end))) } };
}

/** Seconds by state, the longest first. */
export function totalsOf(segments: readonly Segment[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { from, to, shares } of segments) {
    for (const [state, share] of shares) {
      totals.set(state, (totals.get(state) ?? 0) + (share * (to - from)) / 1000);
    }
  }
  return new Map([...totals].sort(([, a], [, b]) => b - a));
}

/** States that get a lane of their own; the others share one. */
export const MOST_LANES = 8;

const OFF_WORDS = /^(off|false|0|closed|no)$/i;
/** Nothing goes on while it lasts. */
export const isOff = (state: string) => OFF_WORDS.test(state);

/**
 * The states to show, in the order of the device's own options where it has them, else the longest first and what is
 * off last.
 */
export function lanesOf(totals: ReadonlyMap<string, number>, options: readonly string[]): string[] {
  const byTime = [...totals.keys()];
  const own = options.filter((option) => totals.has(option));
  const others = byTime.filter((state) => !own.includes(state) && state !== OTHER);
  const ordered = [...own, ...others.filter((state) => !isOff(state)), ...others.filter(isOff)];
  const hasOther = totals.has(OTHER) || ordered.length > MOST_LANES;
  if (!hasOther) return ordered;
  const most = new Set(byTime.filter((state) => state !== OTHER).slice(0, MOST_LANES - 1));
  return [...ordered.filter((state) => most.has(state)), OTHER];
}

/** Segments with all states that have no lane put together. */
export function inLanes(segments: readonly Segment[], lanes: readonly string[]): Segment[] {
  const known = new Set(lanes);
  return segments.map((segment) => {
    const shares = new Map<string, number>();
    for (const [state, share] of segment.shares) {
      const lane = known.has(state) ? state : OTHER;
      shares.set(lane, (shares.get(lane) ?? 0) + share);
    }
    return { ...segment, shares };
  });
}
