const MINUTE_S = 60;
const DAY_S = 86_400;
/** Months are of 28 days at least. */
const MONTH_S = 28 * DAY_S;
const YEAR_S = 365 * DAY_S;

type Options = Intl.DateTimeFormatOptions;
const DAYS: Options = { day: 'numeric', month: 'short' };
const FRACTION: Options = { minute: '2-digit', second: '2-digit', fractionalSecondDigits: 2 };

/** What tells the marks of an axis apart, and what is said once for several of them. */
function partsOf(stepS: number): { each: Options; once: Options | null } {
  if (stepS < 1) return { each: FRACTION, once: { timeStyle: 'short' } };
  if (stepS < MINUTE_S) return { each: { timeStyle: 'medium' }, once: DAYS };
  if (stepS < DAY_S) return { each: { timeStyle: 'short' }, once: DAYS };
  if (stepS < MONTH_S) return { each: DAYS, once: { year: 'numeric' } };
  if (stepS < YEAR_S) return { each: { month: 'short' }, once: { year: 'numeric' } };
  return { each: { year: 'numeric' }, once: null };
}

/** Words for the marks of an axis of time, seconds since 1970; a second line where a new day or year begins. */
export function axisLabels(
  splits: readonly number[],
  stepS: number,
  locale: string,
  timeZone?: string,
): string[] {
  const { each, once } = partsOf(stepS);
  const zone = timeZone === undefined ? {} : { timeZone };
  const of = new Intl.DateTimeFormat(locale, { ...each, ...zone });
  const ofOnce = once === null ? null : new Intl.DateTimeFormat(locale, { ...once, ...zone });
  let before = '';
  return splits.map((at) => {
    const label = of.format(at * 1000);
    const second = ofOnce?.format(at * 1000) ?? '';
    const isNew = second !== before;
    before = second;
    return isNew && second !== '' ? `${label}\n${second}` : label;
  });
}

/** Below this seconds count. */
const WITH_SECONDS_MS = 10 * 60_000;
/** From here on days are enough. */
const DAYS_ALONE_MS = 6 * DAY_S * 1000;

/** A time with both its ends, as short as the language has it. */
export function spanLabel(from: number, to: number, locale: string, timeZone?: string): string {
  const clock: Options = { timeStyle: to - from < WITH_SECONDS_MS ? 'medium' : 'short' };
  const zone = timeZone === undefined ? {} : { timeZone };
  const options: Options = { dateStyle: 'medium', ...(to - from < DAYS_ALONE_MS && clock), ...zone };
  return new Intl.DateTimeFormat(locale, options).formatRange(from, to);
}

const UNITS = [
  ['day', DAY_S],
  ['hour', 3600],
  ['minute', MINUTE_S],
  ['second', 1],
] as const;

/** "3 days 14 hr": a length of time in its two largest units, in whole seconds. */
export function lengthLabel(ms: number, locale: string): string {
  const of = (count: number, unit: string) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(count);
  const seconds = Math.round(ms / 1000);
  const largest = UNITS.findIndex(([, length]) => seconds >= length);
  const [unit, length] = UNITS[largest] ?? (['second', 1] as const);
  const [nextUnit, nextLength] = UNITS[largest + 1] ?? [unit, length];
  const rest = Math.floor((seconds % length) / nextLength);
  const first = of(Math.floor(seconds / length), unit);
  return rest === 0 || nextUnit === unit ? first : `${first} ${of(rest, nextUnit)}`;
}
