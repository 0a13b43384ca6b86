import { ReadingRefused } from '../../db/domain/imported-reading.ts';
import { parseTime } from '../../db/domain/time.ts';
import { createFromLocal } from '../../db/domain/time-zone.ts';
import type { Micros } from '../../db/domain/types.ts';
import { UsageError } from '../operator/usage.ts';

const NUMBER = /^(\d{1,16})(?:\.(\d*))?$/;
/** Microseconds. */
const END = Date.UTC(2201, 0, 1) * 1000;
/** Seconds reach it in the year 5138, milliseconds had passed it in March 1973. */
const FIRST_MILLISECONDS = 100_000_000_000;
/** A date, a time to the minute or finer, and a distance from UTC as ISO 8601 and PostgreSQL write it. */
const WRITTEN =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d+))?)? ?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$/;

/** Seconds or milliseconds since 1970, by their size; digit by digit, since a float would lose microseconds. */
function fromEpoch(whole: string, fraction: string): Micros {
  const isSeconds = Number(whole) < FIRST_MILLISECONDS;
  const digits = isSeconds ? 6 : 3;
  return Number(whole + fraction.slice(0, digits).padEnd(digits, '0'));
}

function withColon(offset: string): string {
  if (!/^[+-]/.test(offset)) return 'Z';
  return `${offset.slice(0, 3)}:${offset.slice(3).replace(':', '') || '00'}`;
}

/**
 * Reads a time as exports have it: RFC 3339 and near it, seconds or milliseconds since 1970, local times of the zone.
 * Throws ReadingRefused for anything else, and a UsageError for a local time when no zone is told.
 */
export function createTimes(timeZone: string | null): (text: string) => Micros {
  const fromLocal = timeZone === null ? null : createFromLocal(timeZone);
  const refused = (text: string) =>
    new ReadingRefused(
      'INVALID',
      `${JSON.stringify(text.slice(0, 50))} is no time of the years 1970 to 2200`,
    );

  const written = (text: string): Micros => {
    const [, date, minutes = '00:00', seconds = ':00', fraction = '', offset] = WRITTEN.exec(text) ?? [];
    if (date === undefined) throw refused(text);
    const finer = fraction === '' ? '' : `.${fraction.slice(0, 6)}`;
    const at = parseTime(
      `${date}T${minutes}${seconds}${finer}${offset === undefined ? 'Z' : withColon(offset)}`,
    );
    if (at === null) throw refused(text);
    if (offset !== undefined) return at;
    if (fromLocal === null) {
      throw new UsageError(
        `${text} does not tell its distance from UTC: tell the zone with --time-zone, such as Europe/Paris or UTC`,
      );
    }
    const rest = at % 1000;
    return fromLocal((at - rest) / 1000) * 1000 + rest;
  };

  return (given) => {
    const text = given.trim();
    const [, whole, fraction = ''] = NUMBER.exec(text) ?? [];
    const at = whole === undefined ? written(text) : fromEpoch(whole, fraction);
    if (at < 0 || at >= END) throw refused(text);
    return at;
  };
}
