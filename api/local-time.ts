import { createOffset } from '../db/domain/time-zone.ts';
import type { Micros } from '../db/domain/types.ts';

export const ownTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const pad = (number: number): string => String(number).padStart(2, '0');

/** Formats times of a zone with their distance from UTC: `2026-01-15 17:30:00.000+07:00`. */
export function createLocalTime(timeZone: string): (at: Micros) => string {
  const offsetAt = createOffset(timeZone);
  let offset = Number.NaN;
  let suffix = '';

  return (micros) => {
    const at = Math.floor(micros / 1000);
    const current = offsetAt(at);
    if (current !== offset) {
      offset = current;
      const minutes = Math.abs(offset / 60_000);
      suffix = `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(Math.floor(minutes % 60))}`;
    }
    return new Date(at + offset).toISOString().replace('T', ' ').replace('Z', suffix);
  };
}
