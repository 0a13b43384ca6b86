import type postgres from 'postgres';
import { arrayLiteral, bytesLiteral, floatLiteral, quoted } from '../array-literals.ts';
import type { Executor } from '../client.ts';
import type { Row } from '../domain/row.ts';
import type { Micros } from '../domain/types.ts';
import { mergeRows, unpackRows } from './codec/chunk.ts';
import { type BuiltHour, HourBuilder } from './hour-builder.ts';
import type { RowSource } from './rows.ts';
import { sqlTime } from './spans.ts';
import { meanOf, type Summary } from './summary.ts';
import type { Turns } from './turns.ts';

export interface HourOfWidget {
  widgetId: number;
  hour: Micros;
}

export interface WidgetHour extends HourOfWidget {
  built: BuiltHour;
}

function states({ states: found, lead }: Summary): string | null {
  if (found === null) return null;
  return quoted(JSON.stringify({ lead, other: found.other, times: [...found.times] }));
}

const HOURS = `
  insert into hour_rollups (widget_id, hour, count, numbers, kind, min, max, avg, num, txt, states)
  select w, to_timestamp(h / 1e6), c, n, k, lo, hi, av, num, txt, st
  from unnest($1::text::int[], $2::text::float8[], $3::text::int[], $4::text::int[], $5::text::smallint[],
    $6::text::float8[], $7::text::float8[], $8::text::float8[], $9::text::float8[], $10::text::text[],
    $11::text::jsonb[]) as r(w, h, c, n, k, lo, hi, av, num, txt, st)
  on conflict (widget_id, hour) do update set count = excluded.count, numbers = excluded.numbers,
    kind = excluded.kind, min = excluded.min, max = excluded.max, avg = excluded.avg, num = excluded.num,
    txt = excluded.txt, states = excluded.states`;

const MINUTES = `
  insert into minute_rollups (widget_id, hour, minutes)
  select w, to_timestamp(h / 1e6), m from unnest($1::text::int[], $2::text::float8[], $3::text::bytea[]) as r(w, h, m)
  on conflict (widget_id, hour) do update set minutes = excluded.minutes`;

const CHUNKS = `
  insert into chunks (widget_id, hour, part, count, first_second, last_second, keys, vals)
  select w, to_timestamp(h / 1e6), p, c, f, l, k, v
  from unnest($1::text::int[], $2::text::float8[], $3::text::smallint[], $4::text::int[], $5::text::smallint[],
    $6::text::smallint[], $7::text::bytea[], $8::text::bytea[]) as r(w, h, p, c, f, l, k, v)
  on conflict (widget_id, hour, part) do update set count = excluded.count, first_second = excluded.first_second,
    last_second = excluded.last_second, keys = excluded.keys, vals = excluded.vals`;

const LAST = `
  insert into last_values (widget_id, at, seq, kind, num, txt)
  select w, to_timestamp(a / 1e6), s, k, n, t
  from unnest($1::text::int[], $2::text::float8[], $3::text::bigint[], $4::text::smallint[], $5::text::float8[],
    $6::text::text[]) as r(w, a, s, k, n, t)
  on conflict (widget_id) do update set at = excluded.at, seq = excluded.seq, kind = excluded.kind,
    num = excluded.num, txt = excluded.txt
  where (excluded.at, excluded.seq) > (last_values.at, last_values.seq)`;

/** Writes summaries; hours without readings are left as they are. */
export async function putSummaries(sql: Executor, hours: readonly WidgetHour[]): Promise<void> {
  const some = hours.flatMap(({ widgetId, hour, built }) =>
    built.hour === null ? [] : [{ widgetId, hour, minutes: built.minutes, summary: built.hour }],
  );
  if (some.length === 0) return;
  const ids = arrayLiteral(some.map(({ widgetId }) => widgetId));
  const starts = arrayLiteral(some.map(({ hour }) => hour));
  const column = (pick: (summary: Summary) => string | number | null) =>
    arrayLiteral(some.map(({ summary }) => pick(summary)));
  await sql.unsafe(
    HOURS,
    [
      ids,
      starts,
      column(({ count }) => count),
      column(({ numbers }) => numbers),
      column(({ last }) => last.kind),
      column(({ min }) => floatLiteral(min)),
      column(({ max }) => floatLiteral(max)),
      column((summary) => floatLiteral(meanOf(summary))),
      column(({ last }) => floatLiteral(last.num)),
      column(({ last }) => quoted(last.txt)),
      column(states),
    ],
    { prepare: true },
  );
  await sql.unsafe(MINUTES, [ids, starts, arrayLiteral(some.map(({ minutes }) => bytesLiteral(minutes)))], {
    prepare: true,
  });
}

/** Writes packed readings in place of those of the same hour, and what is the newest of each widget. */
export async function putChunks(sql: Executor, hours: readonly WidgetHour[]): Promise<void> {
  const parts = hours.flatMap(({ widgetId, hour, built }) =>
    built.parts.map((part, index) => ({ widgetId, hour, index, ...part })),
  );
  if (parts.length === 0) return;
  await sql.unsafe(
    CHUNKS,
    [
      arrayLiteral(parts.map(({ widgetId }) => widgetId)),
      arrayLiteral(parts.map(({ hour }) => hour)),
      arrayLiteral(parts.map(({ index }) => index)),
      arrayLiteral(parts.map(({ count }) => count)),
      arrayLiteral(parts.map(({ firstSecond }) => firstSecond)),
      arrayLiteral(parts.map(({ lastSecond }) => lastSecond)),
      arrayLiteral(parts.map(({ keys }) => bytesLiteral(keys))),
      arrayLiteral(parts.map(({ values }) => bytesLiteral(values))),
    ],
    { prepare: true },
  );
  const newest = new Map<number, Row>();
  for (const { widgetId, built } of hours) {
    const before = newest.get(widgetId);
    if (built.last !== null && (before === undefined || built.last.at >= before.at))
      newest.set(widgetId, built.last);
  }
  const rows = [...newest];
  const column = (pick: (row: Row) => string | number | null) =>
    arrayLiteral(rows.map(([, row]) => pick(row)));
  await sql.unsafe(
    LAST,
    [
      arrayLiteral(rows.map(([widgetId]) => widgetId)),
      column(({ at }) => at),
      column(({ seq }) => seq),
      column(({ kind }) => kind),
      column(({ num }) => floatLiteral(num)),
      column(({ txt }) => quoted(txt)),
    ],
    { prepare: true },
  );
}

interface ChunkRow {
  keys: Buffer;
  vals: Buffer;
}

/** The packed readings of a widget's hour. */
export async function chunkRows(sql: Executor, { widgetId, hour }: HourOfWidget): Promise<Row[]> {
  const parts = await sql.unsafe<ChunkRow[]>(
    `select keys, vals from chunks where widget_id = ${widgetId} and hour = ${sqlTime(hour)} order by part`,
  );
  return parts.flatMap(({ keys, vals }) => unpackRows(hour, { keys, values: vals }));
}

export interface RemakeOptions {
  /** Pack it, if it is not yet. */
  pack: boolean;
  /** Where nothing raw is left its summaries stay: they are all that remains. */
  keep: boolean;
  /** Ids of `late_hours` that this settles. */
  done?: readonly number[];
  /** See `Turns`. */
  guard?: Turns['guard'];
}

/** Writes an hour of these readings, of which the first are packed already: its summaries, and what is to be packed. */
export async function writeHour(
  sql: Executor,
  of: HourOfWidget,
  { packed, rows }: { packed: readonly Row[]; rows: readonly Row[] },
  { pack, keep, done = [] }: RemakeOptions,
): Promise<void> {
  const isPacked = pack || packed.length > 0;
  const builder = new HourBuilder(of.hour, { pack: isPacked });
  builder.add(rows);
  const built = builder.finish();
  const where = `widget_id = ${of.widgetId} and hour = ${sqlTime(of.hour)}`;
  if (isPacked && packed.length !== rows.length) {
    await putChunks(sql, [{ ...of, built }]);
    await sql.unsafe(`delete from chunks where ${where} and part >= ${built.parts.length}`);
  }
  if (rows.length > 0) await putSummaries(sql, [{ ...of, built }]);
  else if (!keep) {
    await sql.unsafe(`delete from hour_rollups where ${where}`);
    await sql.unsafe(`delete from minute_rollups where ${where}`);
  }
  if (done.length > 0) await sql.unsafe(`delete from late_hours where id = any('{${done.join(',')}}')`);
}

/** Makes an hour anew of all its raw readings, packed and not. */
export async function remakeHour(
  sql: postgres.Sql,
  source: RowSource,
  of: HourOfWidget,
  options: RemakeOptions,
): Promise<void> {
  const packed = await chunkRows(sql, of);
  const rows = mergeRows(packed, await source.all(of.widgetId, of.hour));
  await sql.begin(async (tx) => {
    await options.guard?.(tx);
    await writeHour(tx, of, { packed, rows }, options);
  });
}

/** Of what was read before in the same turn: in a transaction of its own where the turn may be lost. */
export async function writeInTurn(
  sql: postgres.Sql,
  { guard }: Pick<Turns, 'guard'>,
  write: (tx: Executor) => Promise<void>,
): Promise<void> {
  if (guard === null) return write(sql);
  await sql.begin(async (tx) => {
    await guard(tx);
    await write(tx);
  });
}
