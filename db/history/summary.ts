import type { Row } from '../domain/row.ts';
import type { Micros } from '../domain/types.ts';
import { type EncodedValue, KIND } from '../domain/value-codec.ts';

/** States of one interval told apart; the time in further ones is told together. */
export const MAX_STATES = 32;
/** A longer text is no state that a person would look for: it counts to `other`. UTF-16 units. */
const MAX_STATE_LENGTH = 64;
/** Sums are kept smaller by this: many numbers near the largest of all would add up to none. A power of two costs no digit. */
export const SUM_SCALE = 2 ** 32;
const MAX_DIGITS = 9;

/** How long texts and booleans lasted. */
export interface States {
  times: Map<string, Micros>;
  /** In states beyond `MAX_STATES`, or too long to be told. */
  other: Micros;
}

/** What the readings of one interval come to. It depends on no reading outside of it. */
export interface Summary {
  count: number;
  /** How many of them are numbers; booleans are 0 and 1. */
  numbers: number;
  min: number | null;
  max: number | null;
  /** Divided by `SUM_SCALE`. */
  sum: number;
  last: EncodedValue;
  /** From the start of the interval to its first reading: the state until then is that of an earlier one. */
  lead: Micros;
  /** From there to the end of the interval; a state lasts until the next reading. null where all readings are numbers. */
  states: States | null;
}

/** The state that a reading begins; null for a number. */
export function stateOf({ kind, num, txt }: EncodedValue): string | null {
  if (kind === KIND.boolean) return num === 1 ? 'true' : 'false';
  return kind === KIND.text ? (txt ?? '') : null;
}

export const meanOf = ({ numbers, sum }: Summary): number | null =>
  numbers === 0 ? null : (sum / numbers) * SUM_SCALE;

export const noStates = (): States => ({ times: new Map(), other: 0 });

export function addTime(states: States, state: string, time: Micros): void {
  const known = states.times.get(state);
  if (known === undefined && (states.times.size >= MAX_STATES || state.length > MAX_STATE_LENGTH)) {
    states.other += time;
  } else states.times.set(state, (known ?? 0) + time);
}

/** A sum whose rounding errors are carried along (Neumaier). */
export class Sum {
  #sum = 0;
  #lost = 0;

  add(value: number): void {
    const next = this.#sum + value;
    this.#lost +=
      Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - next + value : value - next + this.#sum;
    this.#sum = next;
  }

  get value(): number {
    return this.#sum + this.#lost;
  }
}

/** Gathers the readings of one interval, ascending. */
export class SummaryBuilder {
  readonly #start: Micros;
  readonly #end: Micros;
  #count = 0;
  #numbers = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  readonly #sum = new Sum();
  /** After the point, that all numbers so far need; more than MAX_DIGITS: no decimals. */
  #digits = 0;
  #last: Row | null = null;
  #lead = 0;
  #states: States | null = null;

  constructor(start: Micros, end: Micros) {
    this.#start = start;
    this.#end = end;
  }

  add(row: Row): void {
    if (this.#last === null) this.#lead = row.at - this.#start;
    else this.#lasted(this.#last, row.at);
    this.#last = row;
    this.#count++;
    const { num } = row;
    if (num === null) return;
    this.#numbers++;
    if (num < this.#min) this.#min = num;
    if (num > this.#max) this.#max = num;
    this.#sum.add(num / SUM_SCALE);
    while (this.#digits <= MAX_DIGITS) {
      const unit = 10 ** this.#digits;
      if (Math.round(num * unit) / unit === num) break;
      this.#digits++;
    }
  }

  #lasted(row: Row, until: Micros): void {
    const state = stateOf(row);
    if (state === null) return;
    this.#states ??= noStates();
    addTime(this.#states, state, Math.max(0, until - row.at));
  }

  /** Decimals add up to a decimal of as many digits: what is beyond them are the rounding errors of the numbers themselves. */
  #rounded(): number {
    const unit = 10 ** this.#digits;
    const whole = Math.round(this.#sum.value * SUM_SCALE * unit);
    const exact = this.#digits <= MAX_DIGITS && Math.abs(whole) < Number.MAX_SAFE_INTEGER;
    return exact ? whole / unit / SUM_SCALE : this.#sum.value;
  }

  /** null when there was no reading. */
  finish(): Summary | null {
    if (this.#last === null) return null;
    this.#lasted(this.#last, this.#end);
    const { kind, num, txt } = this.#last;
    const some = this.#numbers > 0;
    return {
      count: this.#count,
      numbers: this.#numbers,
      min: some ? this.#min : null,
      max: some ? this.#max : null,
      sum: some ? this.#rounded() : 0,
      last: { kind, num, txt },
      lead: this.#lead,
      states: this.#states,
    };
  }
}

export interface Timed {
  at: Micros;
  /** Until when it tells. */
  end: Micros;
  summary: Summary;
}

const least = (a: number | null, b: number | null, pick: (a: number, b: number) => number): number | null =>
  a === null ? b : b === null ? a : pick(a, b);

/** Joins summaries of one interval after another. */
export class SummaryJoin {
  readonly #start: Micros;
  #joined: Summary | null = null;
  readonly #sum = new Sum();
  #until = 0;

  constructor(start: Micros) {
    this.#start = start;
  }

  add({ at, end, summary }: Timed): void {
    this.#sum.add(summary.sum);
    const before = this.#joined;
    if (before === null) {
      const { states } = summary;
      this.#joined = {
        ...summary,
        lead: at + summary.lead - this.#start,
        states: states === null ? null : { times: new Map(states.times), other: states.other },
      };
    } else {
      this.#bridge(before, at + summary.lead);
      before.count += summary.count;
      before.numbers += summary.numbers;
      before.min = least(before.min, summary.min, Math.min);
      before.max = least(before.max, summary.max, Math.max);
      before.last = summary.last;
      if (summary.states !== null) {
        before.states ??= noStates();
        for (const [state, time] of summary.states.times) addTime(before.states, state, time);
        before.states.other += summary.states.other;
      }
    }
    this.#until = end;
  }

  /** The last state goes on to the next reading. */
  #bridge(joined: Summary, until: Micros): void {
    const state = stateOf(joined.last);
    if (state === null || until <= this.#until) return;
    joined.states ??= noStates();
    addTime(joined.states, state, until - this.#until);
    this.#until = until;
  }

  /** null when there was none. */
  finish(end: Micros): Summary | null {
    const joined = this.#joined;
    if (joined === null) return null;
    this.#bridge(joined, end);
    return { ...joined, sum: this.#sum.value };
  }
}
