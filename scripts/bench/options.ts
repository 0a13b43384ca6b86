import { parseArguments, UsageError } from '../operator/usage.ts';
import { CONTESTANTS } from './contestants/index.ts';
import { MEASURES } from './measures/index.ts';

export interface Options {
  /** Names. */
  only: readonly string[];
  measures: readonly string[];
  rounds: number;
  seconds: number;
  short: boolean;
  /** Where the report goes. */
  out: string;
}

const names = (all: readonly { name: string }[]) => all.map(({ name }) => name);

export const USAGE = `usage: npm run bench -- [options]     ours beside what people run instead, in turns

  --only NAME,…      contestants: ${names(CONTESTANTS).join(', ')} (all)
  --measure NAME,…   ${names(MEASURES).join(', ')} (all)
  --rounds N         turns of each (3)
  --seconds N        measured in each turn, after 3 s of warm-up (8)
  --short            everything tiny: does it work?
  --out DIR          where bench.md, bench.json and bench.svg go (dist/bench)
`;

function listed(
  text: string | undefined,
  all: readonly { name: string }[],
  option: string,
): readonly string[] {
  if (text === undefined) return names(all);
  const given = text.split(',').map((name) => name.trim());
  const unknown = given.find((name) => !names(all).includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--${option} must be of ${names(all).join(', ')}, not ${unknown}`);
  return given;
}

function count(text: string | undefined, option: string, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > most)
    throw new UsageError(`--${option} must be a number from 1 to ${most}, not ${text}`);
  return number;
}

/** Errors: UsageError. */
export function readOptions(args: string[]): Options {
  const text = { type: 'string' } as const;
  const options = { only: text, measure: text, rounds: text, seconds: text, out: text };
  const { values } = parseArguments({
    args,
    options: { ...options, short: { type: 'boolean', default: false } },
  });
  const { only, measure, rounds, seconds, short, out = 'dist/bench' } = values;
  return {
    only: listed(only, CONTESTANTS, 'only'),
    measures: listed(measure, MEASURES, 'measure'),
    rounds: count(rounds, 'rounds', short ? 1 : 3, 20),
    seconds: count(seconds, 'seconds', short ? 1 : 8, 60),
    short,
    out,
  };
}
