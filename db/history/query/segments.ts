import type { Micros } from '../../domain/types.ts';
import { spanOf } from '../partitions.ts';
import { floorTo, HOUR, MINUTE } from '../spans.ts';
import type { HistoryState } from '../state.ts';
import type { Range } from './raw.ts';

export type Tier = 'raw' | 'minute' | 'hour';

/** A part of a range and what it is read from: both ends included. */
export interface Segment extends Range {
  tier: Tier;
}

type Known = Pick<HistoryState, 'rolledBefore' | 'rawFrom' | 'minutesFrom'>;

/** Ascending parts of one hour. Where the raw readings are gone, the finest there is: of whole minutes or of the hour. */
function* ofHour(
  hour: Micros,
  { from, to }: Range,
  tier: Tier,
  known: Known,
  late: boolean,
): Generator<Segment> {
  const end = hour + HOUR - 1;
  const inside = { from: Math.max(from, hour), to: Math.min(to, end) };
  const whole = from <= hour && to >= end;
  const hasRaw = hour >= known.rawFrom;
  const rolled = hour < known.rolledBefore && (!late || !hasRaw);
  if (!rolled || (tier === 'raw' && hasRaw)) {
    yield { tier: 'raw', ...inside };
  } else if (hour < known.minutesFrom || (whole && tier === 'hour')) {
    if (from <= hour) yield { tier: 'hour', ...inside };
  } else if (whole || !hasRaw) {
    yield { tier: 'minute', ...inside };
  } else {
    const first = Math.ceil(inside.from / MINUTE) * MINUTE;
    const last = floorTo(inside.to + 1, MINUTE);
    if (first >= last) {
      yield { tier: 'raw', ...inside };
      return;
    }
    if (inside.from < first) yield { tier: 'raw', from: inside.from, to: first - 1 };
    yield { tier: 'minute', from: first, to: last - 1 };
    if (last <= inside.to) yield { tier: 'raw', from: last, to: inside.to };
  }
}

/** Those of the years in which there is anything: a range may be of centuries. */
function* hoursOf({ from, to }: Range, { partitions }: Pick<HistoryState, 'partitions'>): Generator<Micros> {
  const { readings, chunks, hour_rollups: years } = partitions;
  const starts = new Set([
    ...years,
    ...[...readings, ...chunks].map((day) => spanOf('hour_rollups', day).start),
  ]);
  for (const year of [...starts].sort((a, b) => a - b)) {
    const { start, end } = spanOf('hour_rollups', year);
    for (let hour = Math.max(floorTo(from, HOUR), start); hour <= to && hour < end; hour += HOUR) yield hour;
  }
}

/** What a range is read from, ascending, when `tier` is fine enough. `late`: hours whose summaries are not up to date. */
export function segmentsOf(
  range: Range,
  tier: Tier,
  known: Known & Pick<HistoryState, 'partitions'>,
  late: ReadonlySet<Micros>,
): Segment[] {
  const segments: Segment[] = [];
  for (const hour of hoursOf(range, known)) {
    for (const segment of ofHour(hour, range, tier, known, late.has(hour))) {
      const before = segments.at(-1);
      if (before?.tier === segment.tier && before.to + 1 === segment.from) before.to = segment.to;
      else segments.push(segment);
    }
  }
  return segments;
}
