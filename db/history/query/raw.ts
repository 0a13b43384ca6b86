import type { Executor } from '../../client.ts';
import { compareKeys, type ReadingKey, type Row } from '../../domain/row.ts';
import type { Micros } from '../../domain/types.ts';
import { mergeRows, unpackRows } from '../codec/chunk.ts';
import { ROW_ARRAYS, type RowArrays, rowsOf } from '../rows.ts';
import { DAY, floorTo, HOUR, secondOf, sqlMicros, sqlTime } from '../spans.ts';

/** Both ends included. */
export interface Range {
  from: Micros;
  to: Micros;
}

export type Order = 'asc' | 'desc';

/** Plain rows of one statement: short enough for the one backend of the embedded database. */
const PAGE = 4000;
/** Packed readings of one statement, about. */
const PACKED_PAGE = 16_384;

interface Chunk {
  hour: Micros;
  count: number;
  keys: Buffer;
  vals: Buffer;
}
type Found = RowArrays & Partial<Chunk>;

/**
 * Plain rows in one line, and packed ones: together in one statement, since readings move from the one to the other.
 * `key`: only what comes after it in this order.
 */
function statement(
  widgetId: number,
  { from, to }: Range,
  order: Order,
  key: ReadingKey,
  rows: number,
  chunks: number,
): string {
  const asc = order === 'asc';
  const [low, high] = asc ? [Math.max(from, key.at), to] : [from, Math.min(to, key.at)];
  const near = asc
    ? `(hour > ${sqlTime(floorTo(low, HOUR))} or last_second >= ${secondOf(low)})`
    : `(hour < ${sqlTime(floorTo(high, HOUR))} or first_second <= ${secondOf(high)})`;
  return `
    select null::float8 as hour, ${ROW_ARRAYS}, null::bytea as keys, null::bytea as vals from (
      select at, seq, kind, num, txt from readings where widget_id = ${widgetId}
        and at >= ${sqlTime(low)} and at <= ${sqlTime(high)}
        and (at, seq) ${asc ? '>' : '<'} (${sqlTime(key.at)}, ${key.seq}) order by at ${order}, seq ${order} limit ${rows}) r
    union all
    select ${sqlMicros('hour')}, count, null, null, null, null, null, keys, vals from (
      select hour, count, keys, vals from chunks where widget_id = ${widgetId}
        and hour >= ${sqlTime(floorTo(low, HOUR))} and hour <= ${sqlTime(high)} and ${near}
      order by hour ${order}, part ${order} limit ${chunks}) c`;
}

/** Days with partitions that one statement may touch: to plan it costs time for each. */
const DAYS = 16;

export interface RawOptions {
  order?: Order;
  after?: ReadingKey | null;
  /** That no more are needed than this. */
  limit?: number;
}

/**
 * Raw readings of a widget within a range, packed ones among them, in pages of up to some ten thousand: each a statement
 * of its own, asked for when the one before has been taken. `days`: those that have partitions.
 */
export async function* rawReadings(
  sql: Executor,
  days: Iterable<Micros>,
  widgetId: number,
  { from, to }: Range,
  options: RawOptions = {},
): AsyncGenerator<Row[]> {
  const touched = [...new Set(days)].filter((day) => day + DAY > from && day <= to).sort((a, b) => a - b);
  const windows: Range[] = [];
  for (let i = 0; i < touched.length; i += DAYS) {
    const some = touched.slice(i, i + DAYS);
    windows.push({ from: Math.max(from, some[0] ?? 0), to: Math.min(to, (some.at(-1) ?? 0) + DAY - 1) });
  }
  if (options.order === 'desc') windows.reverse();
  const { after = null } = options;
  for (const window of windows) {
    const passed =
      after !== null && (options.order === 'desc' ? after.at < window.from : after.at > window.to);
    const inside = after !== null && after.at >= window.from && after.at <= window.to;
    if (!passed) yield* rawWithin(sql, widgetId, window, { ...options, after: inside ? after : null });
  }
}

async function* rawWithin(
  sql: Executor,
  widgetId: number,
  range: Range,
  { order = 'asc', after = null, limit = PAGE }: RawOptions,
): AsyncGenerator<Row[]> {
  const asc = order === 'asc';
  const first = asc ? { at: range.from, seq: -1 } : { at: range.to, seq: Number.MAX_SAFE_INTEGER + 1 };
  const sign = asc ? 1 : -1;
  const isAfter = (a: ReadingKey, b: ReadingKey) => sign * compareKeys(a, b) > 0;
  let key = after ?? first;
  const rowLimit = Math.min(limit, PAGE);
  let chunkLimit = 2;
  for (;;) {
    const found = await sql.unsafe<Found[]>(statement(widgetId, range, order, key, rowLimit, chunkLimit));
    const [plain] = found;
    const chunks = found.slice(1) as unknown as Chunk[];
    const rows = plain === undefined || plain.count === 0 ? [] : rowsOf(plain);
    const inOrder = asc ? chunks : chunks.toReversed();
    const packed = inOrder.flatMap(({ hour, keys, vals }) => unpackRows(hour, { keys, values: vals }));
    // What lies beyond the end of either page may be missing from it.
    const ends: ReadingKey[] = [];
    const lastRow = rows.at(-1);
    if (lastRow !== undefined && rows.length === rowLimit) ends.push(lastRow);
    const lastPacked = asc ? packed.at(-1) : packed[0];
    if (lastPacked !== undefined && chunks.length === chunkLimit) ends.push(lastPacked);
    const end = ends.reduce<ReadingKey | null>((a, b) => (a === null || isAfter(a, b) ? b : a), null);
    const merged = mergeRows(asc ? rows : rows.toReversed(), packed).filter(
      (row) =>
        isAfter(row, key) &&
        (end === null || !isAfter(row, end)) &&
        row.at >= range.from &&
        row.at <= range.to,
    );
    if (merged.length > 0) yield asc ? merged : merged.toReversed();
    if (end === null) return;
    const each = Math.max(1, packed.length / Math.max(1, chunks.length));
    chunkLimit =
      merged.length === 0 ? chunkLimit * 2 : Math.ceil(Math.min(PACKED_PAGE, limit * 2) / each) + 1;
    if (isAfter(end, key)) key = end;
  }
}
