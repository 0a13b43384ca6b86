import { compareKeys, type ReadingKey, type Row } from '../../domain/row.ts';
import type { Micros } from '../../domain/types.ts';
import { KIND } from '../../domain/value-codec.ts';
import { HOUR } from '../spans.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  readNumbers,
  readTexts,
  readTimes,
  readWholes,
  writeNumbers,
  writeTexts,
  writeTimes,
  writeWholes,
} from './columns.ts';

/** Written first in both halves, so that a later form can tell itself apart. */
const VERSION = 1;
/** Readings of one part: what has to be unpacked to read one. */
export const MAX_ROWS = 16_384;

/** Readings of one widget within one hour, in ascending order. The keys alone tell whether a reading is there. */
export interface PackedRows {
  keys: Buffer;
  values: Buffer;
}

const LAST_KIND = Math.max(...Object.values(KIND));

const isNumber = ({ kind }: Row) =>
  kind === KIND.number || kind === KIND.numericText || kind === KIND.boolean;

/** `rows` ascending by (at, seq), all of the hour. */
export function packRows(hour: Micros, rows: readonly Row[]): PackedRows {
  const keys = new ByteWriter();
  keys.byte(VERSION);
  keys.varint(rows.length);
  writeTimes(
    keys,
    rows.map(({ at }) => at - hour),
  );
  writeWholes(
    keys,
    rows.map(({ seq }) => seq),
  );
  const values = new ByteWriter();
  values.byte(VERSION);
  writeWholes(
    values,
    rows.map(({ kind }) => kind),
  );
  writeNumbers(
    values,
    rows.filter(isNumber).map(({ num }) => num ?? 0),
  );
  writeTexts(
    values,
    rows.filter((row) => !isNumber(row)).map(({ txt }) => txt ?? ''),
  );
  return { keys: keys.packed(), values: values.packed() };
}

function open(packed: Uint8Array): ByteReader {
  const reader = new ByteReader(packed);
  const version = reader.byte();
  if (version !== VERSION) throw new RangeError(`packed readings of an unknown form (${version})`);
  return reader;
}

export function unpackKeys(hour: Micros, keys: Uint8Array): ReadingKey[] {
  const from = open(keys);
  const count = from.count(MAX_ROWS);
  const times = readTimes(from, count);
  const seqs = readWholes(from, count);
  from.end();
  const found = times.map((time, i) => ({ at: hour + time, seq: seqs[i] ?? 0 }));
  let before = { at: hour, seq: -1 };
  for (const key of found) {
    if (compareKeys(before, key) > 0 || key.at >= hour + HOUR)
      throw new RangeError('packed readings that are out of order, or of another hour');
    before = key;
  }
  return found;
}

export function unpackRows(hour: Micros, { keys, values }: { keys: Uint8Array; values: Uint8Array }): Row[] {
  const found = unpackKeys(hour, keys);
  const from = open(values);
  const kinds = readWholes(from, found.length);
  if (kinds.some((kind) => kind > LAST_KIND)) throw new RangeError('packed readings of an unknown kind');
  const isText = (kind: number) => kind === KIND.text || kind === KIND.decoratedNumericText;
  const texts = kinds.reduce((count, kind) => count + (isText(kind) ? 1 : 0), 0);
  const nums = readNumbers(from, found.length - texts);
  const txts = readTexts(from, texts);
  from.end();
  let nextNumber = 0;
  let nextText = 0;
  return found.map(({ at, seq }, i) => {
    const kind = kinds[i] ?? KIND.text;
    if (!isText(kind)) return { at, seq, kind, num: nums[nextNumber++] ?? 0, txt: null };
    const txt = txts[nextText++] ?? '';
    const num = kind === KIND.text ? null : Number(txt);
    if (num !== null && !Number.isFinite(num)) throw new RangeError('packed data has a number that is none');
    return { at, seq, kind, num, txt };
  });
}

/** Two ascending lists as one; what is in both under one key is taken from the first. */
export function mergeRows(first: readonly Row[], second: readonly Row[]): Row[] {
  if (first.length === 0) return [...second];
  if (second.length === 0) return [...first];
  const merged: Row[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const a = first[i];
    const b = second[j];
    if (a === undefined && b === undefined) return merged;
    const order = a === undefined ? 1 : b === undefined ? -1 : compareKeys(a, b);
    if (order <= 0 && a !== undefined) merged.push(a);
    else if (b !== undefined) merged.push(b);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
}
