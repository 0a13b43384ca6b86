export const DAY_MS = 86_400_000;
/** A year is 365 days here: what is kept for a year needs no calendar. */
const UNITS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
} as const;

/** Milliseconds of `500ms`, `60s`, `5m`, `72h`, `7d`, `4w` or `1y`; null when it is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d|w|y)$/.exec(text.trim());
  if (match === null) return null;
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
