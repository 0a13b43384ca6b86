/** Dates, numbers and lengths of time as a language writes them. Times are milliseconds since 1970, or RFC 3339. */
export interface Format {
  locale: string;
  number(value: number, digits?: number): string;
  percent(share: number): string;
  bytes(count: number): string;
  date(at: number | string): string;
  time(at: number | string): string;
  dateTime(at: number | string): string;
  /** "3 minutes ago"; what lies a little ahead, by a clock that is off, is now. */
  ago(at: number | string, now: number): string;
  /** "3 hours", "2 days": the largest unit that fits. */
  span(ms: number): string;
  list(items: readonly string[]): string;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;
const BYTES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
/** Below this nobody counts. */
const JUST_NOW_MS = 5000;

const instant = (at: number | string) => (typeof at === 'number' ? at : Date.parse(at));

export function createFormat(locale: string): Format {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const list = new Intl.ListFormat(locale, { type: 'conjunction' });
  const numbers = new Map<number, Intl.NumberFormat>();
  const numberOf = (digits: number) => {
    const known = numbers.get(digits) ?? new Intl.NumberFormat(locale, { maximumFractionDigits: digits });
    numbers.set(digits, known);
    return known;
  };

  return {
    locale,
    number: (value, digits = 2) => numberOf(digits).format(value),
    percent: (share) => percent.format(share),
    bytes: (count) => {
      const power = count < 1000 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log10(count) / 3));
      const unit = BYTES[power] ?? 'byte';
      const options = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const;
      return new Intl.NumberFormat(locale, options).format(count / 1000 ** power);
    },
    date: (at) => date.format(instant(at)),
    time: (at) => time.format(instant(at)),
    dateTime: (at) => dateTime.format(instant(at)),
    ago: (at, now) => {
      const passed = now - instant(at);
      if (passed < JUST_NOW_MS) return relative.format(0, 'second');
      const [unit, ms] = UNITS.find(([, length]) => passed >= length) ?? (['second', 1000] as const);
      return relative.format(-Math.floor(passed / ms), unit);
    },
    span: (ms) => {
      const [unit, length] = UNITS.find(([, of]) => ms >= of) ?? (['second', 1000] as const);
      const options = { style: 'unit', unit, unitDisplay: 'long' } as const;
      return new Intl.NumberFormat(locale, options).format(Math.floor(ms / length));
    },
    list: (items) => list.format(items),
  };
}
