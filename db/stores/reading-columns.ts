import { arrayLiteral, floatLiteral, quoted } from '../array-literals.ts';
import type { Micros, Reading } from '../domain/types.ts';
import { encodeValue, KIND } from '../domain/value-codec.ts';
import { DAY, floorTo, HOUR } from '../history/spans.ts';

/**
 * One text for each column of many rows. Times are counted from the first row, which keeps them short; a column that has
 * the usual value in every row (seq 0, a number, no text) is left empty, and the statement fills it up.
 */
export interface Columns {
  widgets: string;
  /** Microseconds after `base`; may be negative. */
  offsets: string;
  seqs: string;
  kinds: string;
  nums: string;
  txts: string;
  base: Micros;
}

const array = (items: string) => `{${items.slice(0, -1)}}`;

export function columnsOf(rows: readonly Reading[]): Columns {
  const base = rows[0]?.at ?? 0;
  // Texts that grow by a little are cheaper here than lists that are joined. Each item ends with a comma.
  let widgets = '';
  let offsets = '';
  let nums = '';
  // Empty as long as every row so far has the usual value.
  let seqs = '';
  let kinds = '';
  let txts = '';
  let i = 0;
  for (const { widgetId, at, seq, value } of rows) {
    widgets += `${widgetId},`;
    offsets += `${at - base},`;
    if (seq !== 0 && seqs === '') seqs = '0,'.repeat(i);
    if (seq !== 0 || seqs !== '') seqs += `${seq},`;
    const { kind, num, txt } = encodeValue(value);
    nums += `${floatLiteral(num) ?? 'NULL'},`;
    if (kind !== KIND.number && kinds === '') kinds = `${KIND.number},`.repeat(i);
    if (kind !== KIND.number || kinds !== '') kinds += `${kind},`;
    if (txt !== null && txts === '') txts = 'NULL,'.repeat(i);
    if (txt !== null || txts !== '') txts += `${quoted(txt) ?? 'NULL'},`;
    i++;
  }
  return {
    widgets: array(widgets),
    offsets: array(offsets),
    seqs: array(seqs),
    kinds: array(kinds),
    nums: array(nums),
    txts: array(txts),
    base,
  };
}

/** Of these times, the first and the last; null when there is none. */
export function spanOf(rows: readonly Reading[]): { from: Micros; to: Micros } | null {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { at } of rows) {
    if (at < from) from = at;
    if (at > to) to = at;
  }
  return rows.length === 0 ? null : { from, to };
}

/** The day of all of them; null when they are of several. */
export function dayOf(rows: readonly Reading[]): Micros | null {
  const span = spanOf(rows);
  if (span === null) return null;
  const day = floorTo(span.from, DAY);
  return span.to < day + DAY ? day : null;
}

/** Hours of widgets for which these readings come late. */
export function lateHours(rows: readonly Reading[], claimedBefore: Micros): [string, string] | null {
  const span = spanOf(rows);
  if (span === null || span.from >= claimedBefore) return null;
  const late = new Map<string, readonly [number, Micros]>();
  for (const { widgetId, at } of rows) {
    if (at >= claimedBefore) continue;
    const hour = floorTo(at, HOUR);
    late.set(`${widgetId}/${hour}`, [widgetId, hour]);
  }
  const hours = [...late.values()];
  return [arrayLiteral(hours.map(([id]) => id)), arrayLiteral(hours.map(([, hour]) => hour))];
}
