import type { Micros, Reading, Value } from '../../db/domain/types.ts';

/** What a point or the statistics of a range must be. Sums are of whole numbers of thousandths, so that they are exact. */
export interface Expected {
  min: number | null;
  max: number | null;
  avg: number | null;
  count: number;
  states: Record<string, number> | null;
}

export interface ExpectedPoint extends Expected {
  at: Micros;
  last: Value;
}

const numberOf = (value: Value): number | null => {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value !== '' && Number.isFinite(Number(value)) ? Number(value) : null;
};
const stateOf = (value: Value): string | null => {
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' && numberOf(value) === null ? value : null;
};

/** A plain reference: all readings in a list, every question answered by looking at each of them. */
export class HistoryModel {
  readonly #readings = new Map<string, Reading>();

  /** false: another value is there. */
  add(reading: Reading): boolean {
    const key = `${reading.widgetId}/${reading.at}/${reading.seq}`;
    const known = this.#readings.get(key);
    if (known !== undefined) return Object.is(known.value, reading.value);
    this.#readings.set(key, reading);
    return true;
  }

  of(widgetId: number): Reading[] {
    return [...this.#readings.values()]
      .filter((reading) => reading.widgetId === widgetId)
      .sort((a, b) => a.at - b.at || a.seq - b.seq);
  }

  #expected(readings: readonly Reading[], start: Micros, end: Micros, before: Value | null): Expected {
    const numbers = readings.flatMap(({ value }) => numberOf(value) ?? []);
    const thousandths = numbers.reduce((sum, number) => sum + Math.round(number * 1000), 0);
    const states: Record<string, number> = {};
    let some = false;
    const steps = [{ at: start, value: before }, ...readings];
    for (const [i, { at, value }] of steps.entries()) {
      const state = value === null ? null : stateOf(value);
      if (state === null) continue;
      const lasted = (steps[i + 1]?.at ?? end) - at;
      if (i > 0 || lasted > 0) some = true;
      if (i > 0 || lasted > 0) states[state] = (states[state] ?? 0) + lasted;
    }
    for (const state of Object.keys(states)) states[state] = (states[state] ?? 0) / 1e6;
    return {
      min: numbers.length === 0 ? null : Math.min(...numbers),
      max: numbers.length === 0 ? null : Math.max(...numbers),
      avg: numbers.length === 0 ? null : thousandths / 1000 / numbers.length,
      count: readings.length,
      states: some ? states : null,
    };
  }

  history(widgetId: number, from: Micros, to: Micros, width: Micros, now: Micros) {
    const all = this.of(widgetId);
    const inside = all.filter(({ at }) => at >= from && at <= to);
    const before = (start: Micros) => all.findLast(({ at }) => at < start)?.value ?? null;
    const points: ExpectedPoint[] = [];
    const end = Math.min(to + 1, now);
    for (let at = from; at <= to; at += width) {
      const own = inside.filter((reading) => reading.at >= at && reading.at < at + width);
      const last = own.at(-1);
      if (last === undefined) continue;
      points.push({
        at,
        last: last.value,
        ...this.#expected(own, at, Math.min(at + width, end), before(at)),
      });
    }
    return { points, stats: this.#expected(inside, from, end, before(from)) };
  }
}
