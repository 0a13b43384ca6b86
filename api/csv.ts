import type { TypedResponse } from 'hono';
import { formatMicros } from '../db/domain/time.ts';
import type { Value } from '../db/domain/types.ts';
import type { ReadingKey, StoredReading } from '../db/stores/history.ts';
import type { Ctx } from './context.ts';

/** Readings of one statement. */
const PAGE = 2000;

/** RFC 4180. Text that a spreadsheet would run as a formula is quoted with an apostrophe. */
function field(value: Value): string {
  if (typeof value !== 'string') return String(value);
  const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
  const text = !isNumber && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const line = ({ at, seq, value }: StoredReading) => `${formatMicros(at, true)},${seq},${field(value)}\r\n`;

/** Any number of readings, a page at a time as fast as the client reads them; ends when it leaves. */
export function csvOf(
  c: Ctx,
  page: (key: ReadingKey | null, limit: number) => Promise<StoredReading[]>,
): Response & TypedResponse<string, 200, 'text'> {
  const encoder = new TextEncoder();
  let key: ReadingKey | null = null;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode('at,seq,value\r\n')),
    pull: async (controller) => {
      const readings: StoredReading[] = await page(key, PAGE);
      const last = readings.at(-1);
      if (last !== undefined) {
        controller.enqueue(encoder.encode(readings.map(line).join('')));
        key = { at: last.at, seq: last.seq };
      }
      if (readings.length < PAGE) controller.close();
    },
  });
  const headers = {
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': 'attachment; filename="readings.csv"',
  };
  return c.body(stream, 200, headers) as unknown as Response & TypedResponse<string, 200, 'text'>;
}
