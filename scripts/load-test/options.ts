import { parseArgs } from 'node:util';
import { parseDuration } from '../../db/domain/duration.ts';

export interface Options {
  /** `local`: a PostgreSQL server that this script starts and stops. */
  database: 'embedded' | 'local' | string;
  devices: number;
  /** Messages a second of each device. */
  rate: number;
  kills: number;
  /** Load before each kill, and after the last one. Milliseconds. */
  loadMs: number;
  /** How long the local PostgreSQL is stopped under load; 0: not at all. */
  outageMs: number;
  /** Devices that register at once before the load; 0: none. */
  crowd: number;
  /** Measures what an app sees while the load runs. */
  probe: boolean;
}

export const USAGE = `usage: npm run crash-test -- [options]     kills the server under load and checks its books
       npm run bench:home -- [options]     the same load without a kill, measured from outside

  --database embedded|local|postgres://…   the server's database (embedded); local: a server of its own
  --devices N      devices under load (100)
  --rate N         messages a second of each (10)
  --kills N        kill -9 and restart, so many times (crash-test 3, bench 0)
  --load 20s       load before each kill and after the last (crash-test 20s, bench 60s)
  --outage 20s     stops the local PostgreSQL for so long under load (0s)
  --crowd N        devices that register at once (crash-test 0, bench 1000)
  --short          crash-test of half a minute: 30 devices, 2 kills, 4s
`;

export class UsageError extends Error {}

function whole(text: string | undefined, name: string, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name} must be a whole number, not ${text}`);
  return Number(text);
}

function duration(text: string | undefined, name: string, fallback: number): number {
  if (text === undefined) return fallback;
  const ms = parseDuration(text);
  if (ms === null) throw new UsageError(`--${name} must be a duration such as 20s, not ${text}`);
  return ms;
}

export function readOptions(mode: string | undefined, args: string[]): Options {
  if (mode !== 'crash' && mode !== 'bench') throw new UsageError('the first word must be crash or bench');
  const bench = mode === 'bench';
  const { values } = parse(args);
  const short = values.short === true;
  const options = {
    database: values.database ?? 'embedded',
    devices: whole(values.devices, 'devices', short ? 30 : 100),
    rate: whole(values.rate, 'rate', 10),
    kills: whole(values.kills, 'kills', bench ? 0 : short ? 2 : 3),
    loadMs: duration(values.load, 'load', bench ? 60_000 : short ? 4000 : 20_000),
    outageMs: duration(values.outage, 'outage', 0),
    crowd: whole(values.crowd, 'crowd', bench ? 1000 : 0),
    probe: bench,
  };
  if (!/^(embedded|local|postgres(ql)?:\/\/.+)$/.test(options.database)) {
    throw new UsageError(`--database must be embedded, local or a postgres:// URL, not ${options.database}`);
  }
  if (options.outageMs > 0 && options.database !== 'local')
    throw new UsageError('--outage needs --database local');
  return options;
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args,
      options: {
        database: text,
        devices: text,
        rate: text,
        kills: text,
        load: text,
        outage: text,
        crowd: text,
        short: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
