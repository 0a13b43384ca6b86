import type { Row } from '../../domain/row.ts';
import type { Micros } from '../../domain/types.ts';
import {
  noStates,
  type States,
  type Summary,
  SummaryBuilder,
  SummaryJoin,
  stateOf,
  type Timed,
} from '../summary.ts';

export interface Bucket {
  at: Micros;
  summary: Summary;
}

/** Gathers a range, ascending, into intervals of equal length, and into one summary of all. */
export class Buckets {
  readonly #origin: Micros;
  readonly #width: Micros;
  readonly #end: Micros;
  readonly #all: SummaryJoin;
  readonly #start: Micros;
  readonly #done: Bucket[] = [];
  #open: { index: number; join: SummaryJoin } | null = null;
  #raw: { index: number; until: Micros; builder: SummaryBuilder; at: Micros } | null = null;
  readonly #first: string | null;
  #before: string | null;

  /** `origin`: start of the first interval. `end`: until when states last. `before`: the state at `start`. */
  constructor(options: {
    origin: Micros;
    width: Micros;
    start: Micros;
    end: Micros;
    before: string | null;
  }) {
    this.#origin = options.origin;
    this.#width = options.width;
    this.#start = options.start;
    this.#end = options.end;
    this.#first = options.before;
    this.#before = options.before;
    this.#all = new SummaryJoin(options.start);
  }

  #startOf(index: number): Micros {
    return Math.max(this.#start, this.#origin + index * this.#width);
  }
  #endOf(index: number): Micros {
    return this.#origin + (index + 1) * this.#width;
  }

  add(timed: Timed): void {
    const index = Math.max(0, Math.floor((timed.at - this.#origin) / this.#width));
    if (this.#open?.index !== index) this.#close(index);
    this.#open?.join.add(timed);
    this.#all.add(timed);
  }

  /** Raw readings of a part of the range that ends before `until`. */
  addRows(rows: readonly Row[], until: Micros): void {
    for (const row of rows) {
      const index = Math.floor((row.at - this.#origin) / this.#width);
      if (this.#raw?.index !== index) {
        this.endRows();
        const at = this.#startOf(index);
        // A state goes on to the present at most; a reading of a clock that is ahead lies after that.
        const end = Math.min(until, this.#endOf(index), Math.max(this.#end, row.at));
        this.#raw = { index, at, until: end, builder: new SummaryBuilder(at, end) };
      }
      this.#raw?.builder.add(row);
    }
  }

  endRows(): void {
    const raw = this.#raw;
    this.#raw = null;
    const summary = raw?.builder.finish();
    if (raw && summary) this.add({ at: raw.at, end: raw.until, summary });
  }

  /** Ends the open interval, and begins the next. */
  #close(next: number | null): void {
    const open = this.#open;
    if (open !== null) {
      const end = Math.min(this.#endOf(open.index), this.#end);
      const summary = open.join.finish(end);
      if (summary !== null) {
        this.#done.push({ at: this.#startOf(open.index), summary: this.#withLead(summary, this.#before) });
        this.#before = stateOf(summary.last);
      }
    }
    this.#open = next === null ? null : { index: next, join: new SummaryJoin(this.#startOf(next)) };
  }

  /** The state that an earlier reading began lasts until the first reading. */
  #withLead(summary: Summary, before: string | null): Summary {
    if (before === null || summary.lead <= 0) return summary;
    const states: States = summary.states ?? noStates();
    const own = states.times.get(before) ?? 0;
    states.times.set(before, own + summary.lead);
    return { ...summary, states };
  }

  /** `all`: null without a reading. */
  finish(): { buckets: Bucket[]; all: Summary | null } {
    this.endRows();
    this.#close(null);
    const all = this.#all.finish(this.#end);
    return { buckets: this.#done, all: all === null ? null : this.#withLead(all, this.#first) };
  }
}
