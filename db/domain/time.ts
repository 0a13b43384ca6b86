import type { Micros } from './types.ts';

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))$/;

/**
 * Microseconds of an RFC 3339 time, or null when it is none. Digits beyond the microsecond are cut;
 * a leap second (`:60`) counts as the second that follows. Years 1970 to 2200.
 */
export function parseTime(text: string): Micros | null {
  const m = RFC3339.exec(text);
  if (m === null) return null;
  const [, y, mo, d, h, mi, s, fraction, , sign, oh, om] = m;
  const year = Number(y);
  const month = Number(mo);
  const day = Number(d);
  const second = Number(s);
  if (
    year < 1970 ||
    year > 2200 ||
    month < 1 ||
    month > 12 ||
    Number(h) > 23 ||
    Number(mi) > 59 ||
    second > 60
  ) {
    return null;
  }
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  let ms = Date.UTC(year, month - 1, day, Number(h), Number(mi), second);
  if (sign !== undefined) {
    const offsetHours = Number(oh);
    const offsetMinutes = Number(om);
    if (offsetHours > 23 || offsetMinutes > 59) return null;
    const offset = (offsetHours * 60 + offsetMinutes) * 60_000;
    ms += sign === '+' ? -offset : offset;
  }
  const micros = fraction === undefined ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6));
  return ms * 1000 + micros;
}

/** RFC 3339 UTC with milliseconds; with microseconds when there are any and `precise` asks for them. */
export function formatMicros(at: Micros, precise = false): string {
  const rest = at % 1000;
  const text = new Date((at - rest) / 1000).toISOString();
  return precise && rest !== 0 ? `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z` : text;
}

/** Milliseconds since the start. It never jumps, as the wall clock of a box does: for rates, locks and time-outs. */
export const monotonic = (): number => performance.now();
