import { type Executor, isUnavailable } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import { compareKeys, type ReadingKey } from '../domain/row.ts';
import type { Micros } from '../domain/types.ts';
import type { EncodedValue } from '../domain/value-codec.ts';
import { unpackKeys, unpackRows } from './codec/chunk.ts';
import { floorTo, HOUR, sqlMicros, sqlTime } from './spans.ts';

/** Hours of widgets looked at together. */
const BATCH = 32;

interface KeysRow {
  widget_id: number;
  hour: Micros;
  part: number;
  keys: Buffer;
}

const idOf = (widgetId: number, hour: Micros): string => `(${widgetId}, ${sqlTime(hour)})`;

/** Of the database or the way to it, which may be well later; what is damaged stays so. */
const errorOfDatabase = (error: unknown): boolean =>
  isUnavailable(error) || (error instanceof Error && error.name === 'PostgresError');

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
  sql: Executor,
  readings: readonly R[],
  keyOf: (reading: R) => string,
  log?: Log,
): Promise<Map<string, EncodedValue>> {
  const byHour = new Map<string, R[]>();
  for (const reading of readings) {
    const id = idOf(reading.widgetId, floorTo(reading.at, HOUR));
    const known = byHour.get(id);
    if (known === undefined) byHour.set(id, [reading]);
    else known.push(reading);
  }
  const found = new Map<string, EncodedValue>();
  const ids = [...byHour.keys()];
  for (let start = 0; start < ids.length; start += BATCH) {
    const rows = await sql.unsafe<KeysRow[]>(
      `select widget_id, ${sqlMicros('hour')} as hour, part, keys from chunks
       where (widget_id, hour) in (${ids.slice(start, start + BATCH).join(', ')})`,
    );
    for (const row of rows) {
      try {
        await lookUpIn(sql, row, byHour.get(idOf(row.widget_id, row.hour)) ?? [], (reading, value) =>
          found.set(keyOf(reading), value),
        );
      } catch (error) {
        if (errorOfDatabase(error)) throw error;
        // What cannot be read tells of no reading: this one is kept beside it.
        log?.error(
          { err: error, widget: row.widget_id, hour: new Date(row.hour / 1000) },
          'packed readings are damaged',
        );
      }
    }
  }
  return found;
}

async function lookUpIn<R extends ReadingKey>(
  sql: Executor,
  { widget_id, hour, part, keys }: KeysRow,
  readings: readonly R[],
  onFound: (reading: R, value: EncodedValue) => void,
): Promise<void> {
  const sorted = unpackKeys(hour, keys);
  const there = readings.filter((reading) => find(sorted, reading) >= 0);
  if (there.length === 0) return;
  const where = `widget_id = ${widget_id} and hour = ${sqlTime(hour)} and part = ${part}`;
  const [row] = await sql.unsafe<{ keys: Buffer; vals: Buffer }[]>(
    `select keys, vals from chunks where ${where}`,
  );
  // Looked up anew: the hour may have been packed again meanwhile.
  const values = row === undefined ? [] : unpackRows(hour, { keys: row.keys, values: row.vals });
  for (const reading of there) {
    const value = values[find(values, reading)];
    if (value !== undefined) onFound(reading, value);
  }
}
