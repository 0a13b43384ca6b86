/**
 * Parameters go as text and are cast: the driver would cut a `timestamptz` to milliseconds. A float8 holds
 * microseconds exactly until the year 2255, and `to_timestamp` rounds to them. Nothing is stored when the state of
 * history is another than the one whose version is given.
 */
export const GUARD =
  'guard as materialized (select true as ok from history_state where version = $8::text::bigint for share)';
export const MARKS = `marks as (insert into late_hours (widget_id, hour)
  select w, to_timestamp(h / 1e6) from unnest($9::text::int[], $10::text::float8[]) as m(w, h)
  where (select ok from guard))`;
/**
 * Where one list is shorter than the others, `unnest` gives nulls: see `columnsOf`. In one order, because another node, or
 * the other group under way, may store the same readings: one then waits for the other, and never both. Of two with one
 * identity the first that came goes first.
 */
export const INSERT = `insert into readings (widget_id, at, seq, kind, num, txt)
  select w, to_timestamp(($7::text::float8 + a) / 1e6), coalesce(s, 0), coalesce(k, 0), n, t
  from unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[], $4::text::smallint[],
              $5::text::float8[], $6::text::text[]) with ordinality as r(w, a, s, k, n, t, o)
  where (select ok from guard)
  order by 1, 2, 3, o`;
export const EXISTING = `select i.o::int as o, e.kind, e.num, e.txt
  from unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[]) with ordinality as i(w, a, s, o)
  join readings e on e.widget_id = i.w and e.at = to_timestamp(i.a::float8 / 1e6) and e.seq = i.s
  where e.at >= to_timestamp($4::text::float8 / 1e6) and e.at <= to_timestamp($5::text::float8 / 1e6)`;
