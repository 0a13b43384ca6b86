import { parseArgs } from 'node:util';

export const KINDS = ['local', 'embedded'] as const;
export type Kind = (typeof KINDS)[number];
export const PARTS = ['fill', 'bytes', 'ingest'] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  kinds: readonly Kind[];
  parts: readonly Part[];
  /** Readings at the end of the fill of a PostgreSQL server. */
  scale: number;
  json: string | null;
}

export const USAGE = `usage: npm run bench:history -- [options]     what years of readings cost: room, time, memory

  --scale 100m           readings in the end (100m); the embedded database gets a tenth; 1m takes minutes
  --database embedded|local   one of them alone; local: a PostgreSQL server of its own
  --only fill|bytes|ingest    one part alone; fill: with the questions and the export as CSV
  --json FILE            writes the figures there, too
`;

export class UsageError extends Error {}

function oneOf<T extends string>(all: readonly T[], text: string | undefined, name: string): readonly T[] {
  if (text === undefined) return all;
  const found = all.filter((item) => item === text);
  if (found.length === 0) throw new UsageError(`--${name} must be one of ${all.join(', ')}, not ${text}`);
  return found;
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args, options: { scale: text, database: text, only: text, json: text } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function readOptions(args: string[]): Options {
  const { scale = '100m', database, only, json = null } = parse(args);
  const millions = /^([1-9]\d{0,3})m$/.exec(scale)?.[1];
  if (millions === undefined) throw new UsageError(`--scale must be millions such as 100m, not ${scale}`);
  return {
    kinds: oneOf(KINDS, database, 'database'),
    parts: oneOf(PARTS, only, 'only'),
    scale: Number(millions) * 1e6,
    json,
  };
}

const MINUTES_A_DAY = 1440;
const FULL = 10e6;

export interface Size {
  readings: number;
  widgets: number;
}

/** What is filled step by step: each size adds widgets, all of which reported once a minute for so many days. */
export interface FillPlan {
  days: number;
  sizes: Size[];
}

/** A year where there is room for a few widgets of a year, a shorter time otherwise. */
export function planOf(scale: number): FillPlan {
  const days = Math.max(4, Math.round(365 * Math.min(1, scale / FULL)));
  const each = days * MINUTES_A_DAY;
  const sizes = [scale / 100, scale / 10, scale]
    .map((readings) => Math.max(2, Math.ceil(readings / each)))
    .map((widgets) => ({ widgets, readings: widgets * each }));
  return { days, sizes: sizes.filter(({ widgets }, i) => widgets !== sizes[i + 1]?.widgets) };
}
