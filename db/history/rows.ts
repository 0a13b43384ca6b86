import type { Executor } from '../client.ts';
import type { Row } from '../domain/row.ts';
import type { Micros } from '../domain/types.ts';
import { HOUR, sqlTime, sqlWithin } from './spans.ts';

/** Readings of one statement: short enough for the one backend of the embedded database. */
const PAGE = 8000;
const MAX_WIDGETS = 500;

/** Columns as arrays: a row of the protocol for each reading would cost three times as much. */
export interface RowArrays {
  count: number;
  ats: string;
  /** null: all 0. */
  seqs: string | null;
  /** One number when all are the same. */
  kinds: string;
  nums: string;
  /** JSON; null: none. */
  txts: string | null;
}

interface ArraysRow extends RowArrays {
  widget_id: number;
}

export const ROW_ARRAYS = `count(*)::int as count, array_agg(date_part('epoch', at) * 1e6)::text as ats,
    case when max(seq) > 0 then array_agg(seq)::text end as seqs,
    case when min(kind) = max(kind) then min(kind)::text else array_agg(kind)::text end as kinds,
    array_agg(num)::text as nums, case when count(txt) > 0 then json_agg(txt)::text end as txts`;
const gathered = (inner: string) =>
  `select widget_id, ${ROW_ARRAYS} from (${inner}) page group by widget_id order by widget_id`;

export const numbers = (array: string): (number | null)[] =>
  array
    .slice(1, -1)
    .split(',')
    .map((text) => (text === 'NULL' ? null : Number(text)));

export function rowsOf({ count, ats, seqs, kinds, nums, txts }: RowArrays): Row[] {
  const at = numbers(ats);
  const seq = seqs === null ? null : numbers(seqs);
  const kind = kinds.startsWith('{') ? numbers(kinds) : null;
  const allOfKind = kind === null ? Number(kinds) : 0;
  const num = numbers(nums);
  const txt = txts === null ? null : (JSON.parse(txts) as (string | null)[]);
  return Array.from({ length: count }, (_, i) => ({
    // A float8 holds microseconds until the year 2255, but the database had divided them.
    at: Math.round(at[i] ?? 0),
    seq: seq?.[i] ?? 0,
    kind: kind?.[i] ?? allOfKind,
    num: num[i] ?? null,
    txt: txt?.[i] ?? null,
  }));
}

/** Readings that are not packed, of one widget after another. */
export function createRowSource(sql: Executor) {
  const run = (inner: string) => sql.unsafe<ArraysRow[]>(gathered(inner));
  let widgetsAtOnce = 8;

  /** One page of a widget's readings of an hour, after `key`. */
  const page = async (widgetId: number, hour: Micros, key: { at: Micros; seq: number }): Promise<Row[]> => {
    const [found] = await run(
      `select * from readings where widget_id = ${widgetId} and ${sqlWithin('at', hour, hour + HOUR)}
         and (at, seq) > (${sqlTime(key.at)}, ${key.seq})
       order by readings.at, seq limit ${PAGE}`,
    );
    return found === undefined ? [] : rowsOf(found);
  };

  async function* pagesOf(widgetId: number, hour: Micros): AsyncGenerator<Row[]> {
    let key = { at: hour, seq: -1 };
    for (;;) {
      const rows = await page(widgetId, hour, key);
      if (rows.length > 0) yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      key = last;
    }
  }

  return {
    pagesOf,

    async all(widgetId: number, hour: Micros): Promise<Row[]> {
      const rows: Row[] = [];
      for await (const page of pagesOf(widgetId, hour)) for (const row of page) rows.push(row);
      return rows;
    },

    /**
     * The readings of an hour of each of these widgets (ascending ids) that has any: ascending, in one or more pages,
     * all of a widget before the next.
     */
    async *ofHour(
      widgetIds: readonly number[],
      hour: Micros,
    ): AsyncGenerator<{ widgetId: number; rows: Row[] }> {
      let next = 0;
      while (next < widgetIds.length) {
        const batch = widgetIds.slice(next, next + widgetsAtOnce);
        const found = await run(
          `select * from readings where widget_id = any('{${batch.join(',')}}') and ${sqlWithin('at', hour, hour + HOUR)}
             order by widget_id, readings.at, seq limit ${PAGE + 1}`,
        );
        const total = found.reduce((sum, { count }) => sum + count, 0);
        const cut = total > PAGE ? found.at(-1)?.widget_id : undefined;
        for (const row of found) {
          if (row.widget_id !== cut) yield { widgetId: row.widget_id, rows: rowsOf(row) };
        }
        if (cut === undefined) next += batch.length;
        else {
          // The last one may go on: page by page, by itself.
          for await (const rows of pagesOf(cut, hour)) yield { widgetId: cut, rows };
          next += batch.indexOf(cut) + 1;
        }
        if (total > PAGE) widgetsAtOnce = Math.max(1, widgetsAtOnce >> 1);
        else if (total < PAGE / 3) widgetsAtOnce = Math.min(MAX_WIDGETS, widgetsAtOnce * 2);
      }
    },
  };
}

export type RowSource = ReturnType<typeof createRowSource>;
