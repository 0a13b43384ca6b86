import type { Micros } from '../db/domain/types.ts';

/** Zones change their distance from UTC at quarters of an hour. */
const QUARTER = 15 * 60_000;

/** Is it a time zone by its IANA name, such as Asia/Bangkok? */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const ownTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const pad = (number: number): string => String(number).padStart(2, '0');

/** Formats times of a zone with their distance from UTC: `2026-01-15 17:30:00.000+07:00`. */
export function createLocalTime(timeZone: string): (at: Micros) => string {
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  let quarter = Number.NaN;
  let offset = 0;
  let suffix = '';

  /** To format with a zone takes microseconds: once a quarter of an hour. */
  const look = (at: number) => {
    quarter = Math.floor(at / QUARTER);
    const whole = quarter * QUARTER;
    const parts = Object.fromEntries(
      format.formatToParts(whole).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    offset = Date.UTC(year, month - 1, day, hour, minute, second) - whole;
    const minutes = Math.abs(offset / 60_000);
    suffix = `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(Math.floor(minutes % 60))}`;
  };

  return (micros) => {
    const at = Math.floor(micros / 1000);
    if (Math.floor(at / QUARTER) !== quarter) look(at);
    return new Date(at + offset).toISOString().replace('T', ' ').replace('Z', suffix);
  };
}
