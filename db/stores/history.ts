import type postgres from 'postgres';
import type { Micros, Value } from '../domain/types.ts';
import { decodeValue } from '../domain/value-codec.ts';

/** Readings of one statement: short enough for the one backend of the embedded database. */
const PAGE = 20_000;

export interface StoredReading {
  at: Micros;
  seq: number;
  value: Value;
}

/** Where to go on: after (or, going back, before) this reading. */
export interface ReadingKey {
  at: Micros;
  seq: number;
}

export interface HistoryPoint {
  /** Start of the interval. */
  at: Micros;
  /** null for readings that are text alone. */
  min: number | null;
  max: number | null;
  avg: number | null;
  last: Value;
  count: number;
  /** How many of them are numbers. */
  numbers: number;
}

interface Row {
  at: string;
  seq: string;
  kind: number;
  num: number | null;
  txt: string | null;
}

interface BucketRow extends Row {
  bucket: string;
  min: number | null;
  max: number | null;
  sum: number | null;
  numbers: string;
  count: string;
}

/** Sums are kept smaller by this: many numbers near the largest of all would add up to none. A power of two costs no digit. */
const SCALE = 4294967296;

const MICROS = '(extract(epoch from at) * 1000000)::bigint';

// A bare name in ORDER BY would be the output column, which is text here.
const RAW = (order: 'asc' | 'desc') => `
  select ${MICROS}::text as at, seq::text, kind, num, txt from readings
  where widget_id = $1 and at >= to_timestamp($2::text::float8 / 1e6) and at <= to_timestamp($3::text::float8 / 1e6)
    and (at, seq) ${order === 'asc' ? '>' : '<'} (to_timestamp($4::text::float8 / 1e6), $5::text::bigint)
  order by readings.at ${order}, readings.seq ${order} limit $6`;

/** One page of readings, gathered into intervals; the last row of each interval carries its last value. */
const BUCKETS = `
  with page as (
    select at, seq, kind, num, txt, (${MICROS} - $2::text::bigint) / $6::text::bigint as bucket from readings
    where widget_id = $1 and at >= to_timestamp($2::text::float8 / 1e6) and at <= to_timestamp($3::text::float8 / 1e6)
      and (at, seq) > (to_timestamp($4::text::float8 / 1e6), $5::text::bigint)
    order by at, seq limit $7),
  sums as (
    select bucket, min(num) as min, max(num) as max, sum(num / 4294967296) as sum, count(num) as numbers, count(*) as count
    from page group by bucket),
  lasts as (select distinct on (bucket) * from page order by bucket, at desc, seq desc)
  select bucket::text, ${MICROS}::text as at, seq::text, kind, num, txt, min, max, sum, numbers::text, count::text
  from sums join lasts using (bucket) order by sums.bucket`;

const decode = ({ kind, num, txt }: Row) => decodeValue(kind, num, txt);

export interface Range {
  from: Micros;
  to: Micros;
}

export function createHistoryStore(sql: postgres.Sql) {
  return {
    /** Raw readings of a widget within a range, both ends included, after `key` in the given order. */
    async readings(
      widgetId: number,
      { from, to }: Range,
      page: { order: 'asc' | 'desc'; key: ReadingKey | null; limit: number },
    ): Promise<StoredReading[]> {
      const { order, limit } = page;
      const first = order === 'asc' ? { at: from, seq: -1 } : { at: to, seq: Number.MAX_SAFE_INTEGER };
      const key = page.key ?? first;
      const rows = await sql.unsafe<Row[]>(
        RAW(order),
        [widgetId, String(from), String(to), String(key.at), String(key.seq), limit],
        { prepare: true },
      );
      return rows.map((row) => ({ at: Number(row.at), seq: Number(row.seq), value: decode(row) }));
    },

    /** The range cut into `points` intervals; those without a reading are left out. */
    async intervals(widgetId: number, { from, to }: Range, points: number): Promise<HistoryPoint[]> {
      const width = Math.max(1, Math.ceil((to - from + 1) / points));
      const merged = new Map<number, HistoryPoint & { sum: number }>();
      let key: ReadingKey = { at: from, seq: -1 };
      for (;;) {
        const rows: BucketRow[] = await sql.unsafe<BucketRow[]>(
          BUCKETS,
          [widgetId, String(from), String(to), String(key.at), String(key.seq), String(width), PAGE],
          { prepare: true },
        );
        let seen = 0;
        for (const row of rows) {
          const bucket = Number(row.bucket);
          const known = merged.get(bucket);
          const sum = (known?.sum ?? 0) + (row.sum ?? 0);
          const numbers = (known?.numbers ?? 0) + Number(row.numbers);
          seen += Number(row.count);
          merged.set(bucket, {
            at: from + bucket * width,
            min: least(known?.min ?? null, row.min, Math.min),
            max: least(known?.max ?? null, row.max, Math.max),
            avg: numbers === 0 ? null : (sum / numbers) * SCALE,
            last: decode(row),
            count: (known?.count ?? 0) + Number(row.count),
            sum,
            numbers,
          });
          key = { at: Number(row.at), seq: Number(row.seq) };
        }
        if (seen < PAGE) break;
      }
      return [...merged.values()].map(({ sum: _, ...point }) => point);
    },
  };
}

function least(a: number | null, b: number | null, pick: (a: number, b: number) => number): number | null {
  if (a === null) return b;
  return b === null ? a : pick(a, b);
}

export type HistoryStore = ReturnType<typeof createHistoryStore>;
