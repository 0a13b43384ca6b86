import { isIP } from 'node:net';
import { DAY_MS, parseDuration } from '../db/domain/duration.ts';
import type { MinFree } from '../db/history/disk-state.ts';

/** More than this is a slip: `forever` is the word for it. */
const MAX_RETENTION_YEARS = 1000;
const UNITS: Record<string, number> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `256KiB`, `4MiB` or a plain number of bytes; null for anything else. */
export function parseSize(text: string): number | null {
  const found = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(text);
  return found === null ? null : Number(found[1]) * (UNITS[found[2] ?? ''] ?? 1);
}

/** Reads variables one by one, and collects a line for each that is bad. An empty variable counts as unset. */
export function createReader(env: NodeJS.ProcessEnv) {
  const lines: string[] = [];

  /** `parse` gives undefined for a value that is not allowed, or throws an Error that tells why. */
  const read = <T>(
    name: string,
    fallback: T,
    allowed: string,
    parse: (text: string) => T | undefined,
    secret = false,
  ): T => {
    const text = env[name];
    if (text === undefined || text === '') return fallback;
    const value = parse(text);
    if (value !== undefined) return value;
    lines.push(
      `${name}: ${secret ? 'the value that is set' : JSON.stringify(text)} is not allowed: ${allowed}`,
    );
    return fallback;
  };

  return {
    lines,
    read,

    oneOf: <T extends string>(name: string, fallback: T, values: readonly T[]): T =>
      read(name, fallback, `one of ${values.join(', ')}`, (text) => values.find((value) => value === text)),

    /** Milliseconds. */
    duration: (name: string, fallback: number, min: number, max: number, range: string): number =>
      read(name, fallback, `a duration such as 500ms, 60s, 5m, 72h or 7d, ${range}`, (text) => {
        const ms = parseDuration(text);
        return ms !== null && ms >= min && ms <= max ? ms : undefined;
      }),

    /** How long something is kept: milliseconds, null for ever. `min` is of whole days. */
    retention: (name: string, fallback: number | null, min: number): number | null =>
      read<number | null>(
        name,
        fallback,
        `a duration such as 30d, 8w or 1y, from ${min / DAY_MS}d to ${MAX_RETENTION_YEARS}y, or forever`,
        (text) => {
          if (text === 'forever') return null;
          const ms = parseDuration(text);
          return ms !== null && ms >= min && ms <= MAX_RETENTION_YEARS * 365 * DAY_MS ? ms : undefined;
        },
      ),

    port: (name: string, fallback: number): number | 'off' =>
      read<number | 'off'>(name, fallback, 'a port from 0 (any free one) to 65535, or off', (text) => {
        if (text === 'off') return 'off';
        return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
      }),

    host: <T extends string | null>(name: string, fallback: T): string | T =>
      read<string | T>(name, fallback, 'an IP address or a host name', (text) =>
        isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(text) ? text : undefined,
      ),

    count: (name: string, fallback: number, min: number, max: number): number =>
      read(name, fallback, `a whole number from ${min} to ${max}`, (text) =>
        /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined,
      ),

    /** Bytes. */
    size: (name: string, fallback: number, min: number, max: number): number =>
      read(name, fallback, `a size such as 256KiB or 4MiB, from ${min} to ${max} bytes`, (text) => {
        const bytes = parseSize(text);
        return bytes !== null && bytes >= min && bytes <= max ? bytes : undefined;
      }),

    /** Bytes, or a part of a whole in per cent; 0 for none. */
    share: (name: string, fallback: MinFree): MinFree =>
      read<MinFree>(
        name,
        fallback,
        'a percentage such as 5%, below 100, or a size such as 2GiB, or 0',
        (text) => {
          const percent = /^(\d{1,2}(?:\.\d{1,3})?)%$/.exec(text);
          if (percent !== null) return { percent: Number(percent[1]) };
          const bytes = parseSize(text);
          return bytes === null ? undefined : { bytes };
        },
      ),
  };
}

export type Reader = ReturnType<typeof createReader>;
