import type { Sample } from './sampler.ts';

/** The first part of a run is a warm-up: caches fill, code is compiled. */
const WARM_UP = 0.2;
/** Samples of which the least stands for the memory that is left after a collection. */
const PER_MINIMUM = 6;
const HOUR = 3600;
/** A rise is one if it is so many times its own uncertainty. */
const SURE = 3;
/** Below that a memory may still be finding its level. */
export const LONG_ENOUGH_S = 900;

export interface SeriesSpec {
  key: keyof Sample;
  name: string;
  unit: 'MiB' | 'ms' | '' | '%';
  /** By the least of each minute. */
  minima: boolean;
  /** A rise below that over the whole run is none, whatever the noise. */
  grain: number;
  /** A faster rise is a fault in a run that is long enough; an hour. null: it may rise. */
  bound: number | null;
}

const memory = { unit: 'MiB', minima: true, grain: 2 } as const;
const handles = { unit: '', minima: true, grain: 3, bound: 20 } as const;
const latency = { unit: 'ms', minima: false, grain: 1, bound: null } as const;

/**
 * What is watched. The bounds are generous: a leak of 2 KiB for each message of a default run is 3.4 GiB an hour, one
 * of 64 bytes 110 MiB. The embedded database grows its own memory with its tables, which is part of what is resident.
 */
export const SERIES: readonly SeriesSpec[] = [
  { key: 'heap', name: 'heap', ...memory, bound: 30 },
  { key: 'resident', name: 'resident memory', ...memory, grain: 8, bound: 200 },
  { key: 'external', name: 'external memory', ...memory, bound: 30 },
  { key: 'files', name: 'open files', ...handles },
  { key: 'sockets', name: 'sockets beside connections', ...handles },
  { key: 'connections', name: 'connections', unit: '', minima: false, grain: 10, bound: null },
  { key: 'loopLag', name: 'event loop lag, p99', ...latency, grain: 5 },
  { key: 'ackP50', name: 'acknowledgement, p50', ...latency },
  { key: 'ackP99', name: 'acknowledgement, p99', ...latency, grain: 5 },
  { key: 'commandP50', name: 'command, p50', ...latency, grain: 5 },
  { key: 'commandP99', name: 'command, p99', ...latency, grain: 50 },
  { key: 'pollP50', name: 'poll, p50', ...latency },
  { key: 'pollP99', name: 'poll, p99', ...latency, grain: 5 },
  { key: 'processor', name: 'processor', unit: '%', minima: false, grain: 2, bound: null },
  { key: 'waiting', name: 'commands that wait', unit: '', minima: false, grain: 3, bound: null },
  { key: 'queued', name: 'messages queued', unit: '', minima: false, grain: 100, bound: null },
  { key: 'database', name: 'database', unit: 'MiB', minima: false, grain: 1, bound: null },
  { key: 'wal', name: 'WAL', unit: 'MiB', minima: false, grain: 16, bound: null },
];

export interface Point {
  /** Seconds. */
  x: number;
  y: number;
}

/** What is judged: the samples that are there, or the least of each minute of them. */
export function pointsOf(samples: readonly Sample[], { key, minima }: SeriesSpec): Point[] {
  const points = samples
    .map((sample) => ({ x: sample.seconds, y: sample[key] }))
    .filter(({ y }) => !Number.isNaN(y));
  if (!minima) return points;
  const least: Point[] = [];
  for (let i = 0; i + PER_MINIMUM <= points.length; i += PER_MINIMUM)
    least.push(points.slice(i, i + PER_MINIMUM).reduce((low, point) => (point.y < low.y ? point : low)));
  return least;
}

export interface Slope {
  /** An hour. */
  perHour: number;
  /** Standard error of that. */
  error: number;
}

/** Least squares; null with fewer than five points. */
export function slopeOf(points: readonly Point[]): Slope | null {
  const n = points.length;
  if (n < 5) return null;
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / n;
  const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)];
  const sum = (of: (point: Point) => number) => points.reduce((total, point) => total + of(point), 0);
  const spread = sum(({ x }) => (x - mx) ** 2);
  const slope = sum(({ x, y }) => (x - mx) * (y - my)) / spread;
  const residual = sum(({ x, y }) => (y - my - slope * (x - mx)) ** 2);
  return { perHour: slope * HOUR, error: Math.sqrt(residual / (n - 2) / spread) * HOUR };
}

export interface Judged extends SeriesSpec {
  median: number | null;
  slope: Slope | null;
  verdict: string;
  /** It rises faster than it may. */
  fault: boolean;
}

const round = (value: number) => Number(value.toPrecision(Math.abs(value) >= 100 ? 3 : 2));

export function judge(samples: readonly Sample[], spec: SeriesSpec): Judged {
  const end = samples.at(-1)?.seconds ?? 0;
  const points = pointsOf(samples, spec).filter(({ x }) => x >= end * WARM_UP);
  const sorted = points.map(({ y }) => y).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? null;
  const slope = slopeOf(points);
  if (slope === null) return { ...spec, median, slope, verdict: 'too short to tell', fault: false };
  const hours = ((points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0)) / HOUR;
  const rise = Math.abs(slope.perHour) * hours;
  if (spec.bound !== null && rise > spec.grain && SURE * slope.error > spec.bound)
    return { ...spec, median, slope, verdict: 'too noisy to tell', fault: false };
  if (rise <= spec.grain || Math.abs(slope.perHour) <= SURE * slope.error)
    return { ...spec, median, slope, verdict: 'flat', fault: false };
  const unit = spec.unit === '' ? '' : ` ${spec.unit}`;
  const verdict = `${slope.perHour > 0 ? 'grows' : 'falls'} by ${round(Math.abs(slope.perHour))}${unit} an hour`;
  const fault = spec.bound !== null && slope.perHour > spec.bound && end >= LONG_ENOUGH_S;
  return { ...spec, median, slope, verdict, fault };
}
