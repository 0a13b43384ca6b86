import { resolve } from 'node:path';
import { isTimeZone } from '../../db/domain/time-zone.ts';
import { parseArguments, UsageError } from '../operator/usage.ts';

export const USAGE = `npm run import -- FILE [options]    readings from CSV into the server on this machine, whatever their age

  FILE may be packed by gzip; - is standard input. The columns are found by the names in its first line:
  docs/import.md tells them, and what to do for Home Assistant.

  --device ID         what fills in where the file has no such column
  --capability TYPE
  --control TYPE      (sensor)
  --unit UNIT
  --create            makes devices that do not exist
  --time-zone ZONE    of times that do not tell their distance from UTC, such as Europe/Paris
  --dry-run           checks everything and sends nothing
  --url URL           of the server (from HTTP_PORT or HTTPS_PORT)`;

export interface ImportOptions {
  /** `-`: standard input. */
  file: string;
  device: string | undefined;
  capability: string | undefined;
  control: string | undefined;
  unit: string | undefined;
  create: boolean;
  /** IANA. */
  timeZone: string | null;
  dryRun: boolean;
  url: string | undefined;
}

const text = { type: 'string' } as const;
const yes = { type: 'boolean' } as const;

/** Errors: UsageError. */
export function readOptions(args: string[]): ImportOptions {
  const { positionals, values } = parseArguments({
    args,
    allowPositionals: true,
    options: {
      ...{ device: text, capability: text, control: text, unit: text, url: text, 'time-zone': text },
      ...{ create: yes, 'dry-run': yes },
    } as const,
  });
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError('a file is needed, or - for standard input');
  if (more.length > 0) throw new UsageError(`one file at a time: ${more[0]} is another`);
  const timeZone = values['time-zone'] ?? null;
  if (timeZone !== null && !isTimeZone(timeZone)) {
    throw new UsageError(`--time-zone must be the name of a zone such as Europe/Paris, not ${timeZone}`);
  }
  const { device, capability, control, unit, url } = values;
  return {
    // npm runs this in the folder of the program, wherever it is called.
    file: file === '-' ? file : resolve(process.env.INIT_CWD ?? '.', file),
    ...{ device, capability, control, unit, url, timeZone },
    create: values.create === true,
    dryRun: values['dry-run'] === true,
  };
}
