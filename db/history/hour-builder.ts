import type { Row } from '../domain/row.ts';
import type { Micros } from '../domain/types.ts';
import { MAX_ROWS, type PackedRows, packRows } from './codec/chunk.ts';
import { type MinuteSummary, packMinutes } from './codec/minutes.ts';
import { floorTo, HOUR, MINUTE, secondOf } from './spans.ts';
import { type Summary, SummaryBuilder, SummaryJoin } from './summary.ts';

/** Text of one part, UTF-16 units: it is unpacked whole. */
const MAX_TEXT = 1024 * 1024;

export interface Part extends PackedRows {
  count: number;
  /** Of the hour, in which its first and its last reading lie. */
  firstSecond: number;
  lastSecond: number;
}

export interface BuiltHour {
  /** null without readings. */
  hour: Summary | null;
  minutes: Buffer;
  /** Empty unless they were asked for. */
  parts: Part[];
  /** The newest reading. */
  last: Row | null;
}

/** Makes summaries, and packed parts if told to, of one widget's readings of an hour, given in ascending order. */
export class HourBuilder {
  readonly #hour: Micros;
  readonly #pack: boolean;
  readonly #minutes: MinuteSummary[] = [];
  #minute: { at: Micros; builder: SummaryBuilder } | null = null;
  #part: Row[] = [];
  #text = 0;
  readonly #parts: Part[] = [];
  #last: Row | null = null;

  constructor(hour: Micros, { pack }: { pack: boolean }) {
    this.#hour = hour;
    this.#pack = pack;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      if (this.#minute === null || row.at >= this.#minute.at + MINUTE) {
        this.#endMinute();
        const at = floorTo(row.at, MINUTE);
        this.#minute = { at, builder: new SummaryBuilder(at, at + MINUTE) };
      }
      this.#minute.builder.add(row);
      if (this.#pack) {
        this.#part.push(row);
        this.#text += row.txt?.length ?? 0;
        if (this.#part.length === MAX_ROWS || this.#text > MAX_TEXT) this.#endPart();
      }
    }
    this.#last = rows.at(-1) ?? this.#last;
  }

  #endMinute(): void {
    const summary = this.#minute?.builder.finish();
    if (this.#minute !== null && summary != null) this.#minutes.push({ at: this.#minute.at, summary });
    this.#minute = null;
  }

  #endPart(): void {
    const [first] = this.#part;
    const last = this.#part.at(-1);
    if (first === undefined || last === undefined) return;
    this.#parts.push({
      count: this.#part.length,
      firstSecond: secondOf(first.at),
      lastSecond: secondOf(last.at),
      ...packRows(this.#hour, this.#part),
    });
    this.#part = [];
    this.#text = 0;
  }

  finish(): BuiltHour {
    this.#endMinute();
    this.#endPart();
    const join = new SummaryJoin(this.#hour);
    for (const { at, summary } of this.#minutes) join.add({ at, end: at + MINUTE, summary });
    return {
      hour: join.finish(this.#hour + HOUR),
      minutes: packMinutes(this.#hour, this.#minutes),
      parts: this.#parts,
      last: this.#last,
    };
  }
}
