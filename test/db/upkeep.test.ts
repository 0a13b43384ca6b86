import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUpkeep } from '../../db/embedded/upkeep.ts';
import { openDatabase } from '../helpers/open-database.ts';

const DAY_MS = 24 * 3_600_000;

void test('the embedded database retires old transaction numbers, and uses the room of deleted rows again', async (t) => {
  const { sql } = await openDatabase(t, 'embedded');
  let now = 0;
  const { step } = createUpkeep(sql, () => now);
  const all = async () => {
    let steps = 0;
    while (await step()) steps++;
    return steps;
  };
  const age = async () => {
    const [row] = await sql<{ age: number }[]>`select max(age(datfrozenxid))::int as age from pg_database`;
    return row?.age ?? 0;
  };
  const size = async () => {
    const [row] = await sql<{ bytes: number }[]>`select pg_relation_size('late_hours')::int as bytes`;
    return row?.bytes ?? 0;
  };
  const fillAndClear = async () => {
    await sql`insert into late_hours (widget_id, hour) select i, now() from generate_series(1, 5000) i`;
    await sql`delete from late_hours`;
  };

  await fillAndClear();
  for (let i = 0; i < 200; i++) await sql`insert into late_hours (widget_id, hour) values (1, now())`;
  assert.equal(await all(), 0, 'nothing is done just after a start');
  const before = { age: await age(), size: await size() };
  assert.ok(before.age > 200);

  now += DAY_MS;
  assert.ok((await all()) > 20);
  assert.ok((await age()) < 100, `${await age()} transactions of all databases are not retired`);
  await fillAndClear();
  assert.ok((await size()) <= before.size * 1.1, 'the room was used again');

  assert.equal(await all(), 0, 'once a day');
  now += DAY_MS;
  assert.ok((await all()) > 20, 'and again the next day');
});
