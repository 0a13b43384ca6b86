/** What a chart shows: the last so much, going on with time, or a time with both its ends. Milliseconds since 1970. */
export type Shown = { preset: Preset } | Span;
export interface Span {
  from: number;
  to: number;
}
export type Preset = (typeof PRESETS)[number];

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const PRESETS = ['hour', 'day', 'week', 'month', 'year'] as const;
export const PRESET_MS: Record<Preset, number> = {
  hour: HOUR,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  year: 365 * DAY,
};
export const DEFAULT_PRESET: Preset = 'day';

export const SHORTEST_MS = 10 * SECOND;
export const LONGEST_MS = 20 * 365 * DAY;
/** Times that the server takes begin here. */
const FIRST = 0;

export const isPreset = (shown: Shown): shown is { preset: Preset } => 'preset' in shown;

export function spanOf(shown: Shown, now: number): Span {
  return isPreset(shown) ? { from: now - PRESET_MS[shown.preset], to: now } : shown;
}

/** Within what can be asked for; nothing of the time to come. */
function within({ from, to }: Span, now: number): Span {
  const length = Math.min(LONGEST_MS, now - FIRST, Math.max(SHORTEST_MS, to - from));
  const begin = Math.max(FIRST, Math.min((from + to - length) / 2, now - length));
  return { from: begin, to: begin + length };
}

/** Longer or shorter by a factor; what is at `share` of the length (0: the beginning) stays where it is. */
export function zoomed({ from, to }: Span, factor: number, share: number, now: number): Span {
  const length = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (to - from) * factor));
  const begin = from + (to - from - length) * share;
  return within({ from: begin, to: begin + length }, now);
}

/** Earlier (below 0) or later by so many lengths. */
export function moved({ from, to }: Span, lengths: number, now: number): Span {
  const by = (to - from) * lengths;
  return within({ from: from + by, to: to + by }, now);
}

/** Shares of a length that nobody means when the end of it is the present. */
const NEARLY = 0.01;

/** What a time that was moved to is in an address: whole seconds, or the last so much where it comes to that. */
export function settled(span: Span, now: number): Shown {
  const { from, to } = within(span, now);
  const length = to - from;
  const preset = PRESETS.find((name) => Math.abs(PRESET_MS[name] - length) < length * NEARLY);
  if (preset !== undefined && now - to < length * NEARLY) return { preset };
  const begin = Math.floor(from / SECOND) * SECOND;
  return { from: begin, to: begin + Math.round(length / SECOND) * SECOND };
}

/** `20250301T103000Z`: no sign in it is encoded in an address. */
const stampOf = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

function instantOf(stamp: string): number {
  const [, y, mo, d, h, mi, s] = STAMP.exec(stamp) ?? [];
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

/** As parts of an address: `week`, or both ends. */
export const partsOf = (shown: Shown): string[] =>
  isPreset(shown) ? [shown.preset] : [stampOf(shown.from), stampOf(shown.to)];

/** What an address shows; the default where it is none of ours. */
export function shownOfParts([first = '', second = '']: readonly string[]): Shown {
  const preset = PRESETS.find((name) => name === first);
  if (preset !== undefined) return { preset };
  const from = instantOf(first);
  const to = instantOf(second);
  const fits = to - from >= SHORTEST_MS && to - from <= LONGEST_MS;
  return fits ? { from, to } : { preset: DEFAULT_PRESET };
}

/**
 * Lengths of an interval that people count in, milliseconds. A minute and an hour are not among them: the server reads
 * those from what is finer, which takes it longer.
 */
const STEPS = [
  ...[10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  ...[2, 3, 6, 12].map((hours) => hours * HOUR),
];
const MOST_POINTS = 2000;

/** The server counts microseconds and includes the end. */
const upTo = (end: number) => new Date(end - 1).toISOString().replace('Z', '999Z');

export interface Question {
  from: string;
  to: string;
  points: number;
}

const stepOf = (least: number) => STEPS.find((step) => step >= least) ?? Math.ceil(least / DAY) * DAY;

/**
 * What the server is asked for a picture that is `wanted` points wide. While it goes on with time its ends lie on whole
 * intervals, so that the question stays the same one until an interval has passed, and an interval has the same
 * readings in each answer.
 */
export function questionOf(shown: Shown, now: number, wanted: number): Question & { stepMs: number } {
  const { from, to } = spanOf(shown, now);
  const most = Math.min(MOST_POINTS, Math.max(10, Math.floor(wanted)));
  if (!isPreset(shown)) {
    return { from: new Date(from).toISOString(), to: upTo(to), points: most, stepMs: (to - from) / most };
  }
  // One more, for the one that is cut by either end of the picture.
  const stepMs = stepOf((to - from) / (most - 1));
  const begin = Math.floor(from / stepMs) * stepMs;
  const end = (Math.floor(to / stepMs) + 1) * stepMs;
  return { from: new Date(begin).toISOString(), to: upTo(end), points: (end - begin) / stepMs, stepMs };
}

const SOONEST_MS = 10 * SECOND;
const LATEST_MS = 10 * MINUTE;
/** Late readings of a time that has passed. */
const PAST_MS = 2 * MINUTE;

/** How often it is worth to ask again: a few times in an interval, and seldom for what has passed. */
export function everyMsOf(shown: Shown, stepMs: number, now: number): number {
  const every = Math.min(LATEST_MS, Math.max(SOONEST_MS, stepMs / 6));
  const isLive = isPreset(shown) || shown.to > now - PAST_MS;
  return isLive ? every : Math.max(every, PAST_MS);
}
