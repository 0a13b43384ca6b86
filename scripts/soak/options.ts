import { randomInt } from 'node:crypto';
import { parseDuration } from '../../db/domain/duration.ts';
import { parseArguments, UsageError } from '../operator/usage.ts';

export interface Options {
  database: 'embedded' | 'local';
  minutes: number;
  devices: number;
  /** Messages a second of all devices together. */
  rate: number;
  seed: number;
  sampleMs: number;
  /** Folder of the report. */
  out: string;
}

export const USAGE = `usage: npm run soak -- [options]     a house that never rests, watched for what grows

  --minutes N                how long (45)
  --database embedded|local  the server's database (embedded); local: a PostgreSQL server of its own
  --devices N                devices that connect, drop and come back (200)
  --rate N                   messages a second of all of them together (500)
  --seed N                   what happens when (random; told at the start)
  --sample 10s               time between two samples (10s)
  --out FOLDER               where soak.json, soak.svg and soak.md are written (dist/soak)
`;

const MAX_MINUTES = 7 * 24 * 60;
const MAX_DEVICES = 5000;
const MAX_RATE = 20_000;
const MIN_SAMPLE_MS = 100;

/** Errors: UsageError. */
export function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArguments({
    args,
    options: {
      minutes: text,
      database: text,
      devices: text,
      rate: text,
      seed: text,
      sample: text,
      out: text,
    },
  });
  const { database = 'embedded', sample = '10s', out = 'dist/soak' } = values;
  if (database !== 'embedded' && database !== 'local')
    throw new UsageError(`--database must be embedded or local, not ${database}`);
  const sampleMs = parseDuration(sample);
  if (sampleMs === null || sampleMs < MIN_SAMPLE_MS)
    throw new UsageError(`--sample must be a duration such as 10s, not ${sample}`);
  return {
    database,
    sampleMs,
    out,
    minutes: positive('minutes', values.minutes, 45, MAX_MINUTES),
    devices: whole('devices', values.devices, 200, MAX_DEVICES),
    rate: positive('rate', values.rate, 500, MAX_RATE),
    seed: whole('seed', values.seed, randomInt(1, 2 ** 31), 2 ** 32 - 1),
  };
}

function positive(name: string, text: string | undefined, fallback: number, most: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (value > 0 && value <= most) return value;
  throw new UsageError(`--${name} must be above 0 and at most ${most}, not ${text}`);
}

function whole(name: string, text: string | undefined, fallback: number, most: number): number {
  const value = positive(name, text, fallback, most);
  if (Number.isInteger(value)) return value;
  throw new UsageError(`--${name} must be a whole number, not ${text}`);
}
