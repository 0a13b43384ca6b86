import type { Executor } from '../../client.ts';
import type { Micros } from '../../domain/types.ts';
import { unpackMinutes } from '../codec/minutes.ts';
import { numbers } from '../rows.ts';
import { floorTo, HOUR, MINUTE, SECOND, sqlMicros, sqlTime } from '../spans.ts';
import { SUM_SCALE, type Summary, type Timed } from '../summary.ts';
import type { Range } from './raw.ts';

/** Hours of one statement. */
const HOURS_PAGE = 9000;
const MINUTES_PAGE = 500;

interface HourArrays {
  n: number;
  hours: string;
  counts: string;
  numbers: string;
  kinds: string;
  mins: string;
  maxs: string;
  avgs: string;
  nums: string;
  txts: string | null;
  states: string | null;
}

interface StoredStates {
  lead: number;
  other: number;
  times: [string, number][];
}

const HOURS = (widgetId: number, { from, to }: Range) => `
  select count(*)::int as n, array_agg(date_part('epoch', hour))::text as hours, array_agg(count)::text as counts,
    array_agg(numbers)::text as numbers, array_agg(kind)::text as kinds, array_agg(min)::text as mins,
    array_agg(max)::text as maxs, array_agg(avg)::text as avgs, array_agg(num)::text as nums,
    case when count(txt) > 0 then json_agg(txt)::text end as txts,
    case when count(states) > 0 then json_agg(states)::text end as states
  from (select * from hour_rollups where widget_id = ${widgetId} and hour >= ${sqlTime(from)} and hour <= ${sqlTime(to)}
    order by hour limit ${HOURS_PAGE}) h`;

/** Summaries of the hours that begin within a range, ascending, in pages. */
export async function* hourSummaries(sql: Executor, widgetId: number, range: Range): AsyncGenerator<Timed[]> {
  let { from } = range;
  for (;;) {
    const [row] = await sql.unsafe<HourArrays[]>(HOURS(widgetId, { from, to: range.to }));
    if (row === undefined || row.n === 0) return;
    const [hours, counts, amounts, kinds] = [row.hours, row.counts, row.numbers, row.kinds].map(numbers);
    const [mins, maxs, avgs, nums] = [row.mins, row.maxs, row.avgs, row.nums].map(numbers);
    const txts = row.txts === null ? null : (JSON.parse(row.txts) as (string | null)[]);
    const states = row.states === null ? null : (JSON.parse(row.states) as (StoredStates | null)[]);
    const page = Array.from({ length: row.n }, (_, i): Timed => {
      const at = (hours?.[i] ?? 0) * SECOND;
      const amount = amounts?.[i] ?? 0;
      const found = states?.[i] ?? null;
      const summary: Summary = {
        count: counts?.[i] ?? 0,
        numbers: amount,
        min: mins?.[i] ?? null,
        max: maxs?.[i] ?? null,
        sum: ((avgs?.[i] ?? 0) / SUM_SCALE) * amount,
        last: { kind: kinds?.[i] ?? 0, num: nums?.[i] ?? null, txt: txts?.[i] ?? null },
        lead: found?.lead ?? 0,
        states: found === null ? null : { times: new Map(found.times), other: found.other },
      };
      return { at, end: at + HOUR, summary };
    });
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < HOURS_PAGE) return;
    from = last.end;
  }
}

/** Summaries of the minutes that begin within a range, ascending, in pages. */
export async function* minuteSummaries(
  sql: Executor,
  widgetId: number,
  range: Range,
): AsyncGenerator<Timed[]> {
  let from = floorTo(range.from, HOUR);
  for (;;) {
    const rows = await sql.unsafe<{ hour: Micros; minutes: Buffer }[]>(
      `select ${sqlMicros('hour')} as hour, minutes from minute_rollups where widget_id = ${widgetId}
         and hour >= ${sqlTime(from)} and hour <= ${sqlTime(range.to)} order by minute_rollups.hour limit ${MINUTES_PAGE}`,
    );
    const page: Timed[] = [];
    for (const row of rows) {
      for (const { at, summary } of unpackMinutes(row.hour, row.minutes)) {
        if (at >= range.from && at <= range.to) page.push({ at, end: at + MINUTE, summary });
      }
    }
    if (page.length > 0) yield page;
    const last = rows.at(-1);
    if (last === undefined || rows.length < MINUTES_PAGE) return;
    from = last.hour + HOUR;
  }
}
