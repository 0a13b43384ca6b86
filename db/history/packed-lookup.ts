import type postgres from 'postgres';
import { compareKeys, type ReadingKey, type Row } from '../domain/row.ts';
import type { Micros } from '../domain/types.ts';
import type { EncodedValue } from '../domain/value-codec.ts';
import { unpackKeys, unpackRows } from './codec/chunk.ts';
import { floorTo, HOUR, sqlTime } from './spans.ts';

/** Hours of widgets looked at together. */
const BATCH = 32;

interface KeysRow {
  widget_id: number;
  hour: Micros;
  part: number;
  keys: Buffer;
}

function find<T extends ReadingKey>(sorted: readonly T[], key: ReadingKey): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = sorted[middle];
    const order = at === undefined ? 0 : compareKeys(at, key);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * Which of these readings are packed, with their values, by `keyOf`. The keys alone are unpacked first: mostly a late
 * reading is a new one.
 */
export async function lookUpPacked<R extends ReadingKey & { widgetId: number }>(
  sql: Pick<postgres.Sql, 'unsafe'>,
  readings: readonly R[],
  keyOf: (reading: R) => string,
): Promise<Map<string, EncodedValue>> {
  const byHour = new Map<string, R[]>();
  for (const reading of readings) {
    const id = `(${reading.widgetId}, ${sqlTime(floorTo(reading.at, HOUR))})`;
    const known = byHour.get(id);
    if (known === undefined) byHour.set(id, [reading]);
    else known.push(reading);
  }
  const found = new Map<string, EncodedValue>();
  const ids = [...byHour.keys()];
  for (let start = 0; start < ids.length; start += BATCH) {
    const rows = await sql.unsafe<KeysRow[]>(
      `select widget_id, round(date_part('epoch', hour) * 1e6) as hour, part, keys from chunks
       where (widget_id, hour) in (${ids.slice(start, start + BATCH).join(', ')})`,
    );
    for (const { widget_id, hour, part, keys } of rows) {
      const sorted = unpackKeys(hour, keys);
      let values: Row[] | null = null;
      for (const reading of byHour.get(`(${widget_id}, ${sqlTime(hour)})`) ?? []) {
        if (find(sorted, reading) < 0) continue;
        values ??= await valuesOf(
          sql,
          hour,
          `widget_id = ${widget_id} and hour = ${sqlTime(hour)} and part = ${part}`,
        );
        // Looked up anew: the hour may have been packed again meanwhile.
        const row = values[find(values, reading)];
        if (row !== undefined) found.set(keyOf(reading), row);
      }
    }
  }
  return found;
}

async function valuesOf(sql: Pick<postgres.Sql, 'unsafe'>, hour: Micros, where: string): Promise<Row[]> {
  const [row] = await sql.unsafe<{ keys: Buffer; vals: Buffer }[]>(
    `select keys, vals from chunks where ${where}`,
  );
  return row === undefined ? [] : unpackRows(hour, { keys: row.keys, values: row.vals });
}
