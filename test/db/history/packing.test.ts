import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadingKey } from '../../../db/domain/row.ts';
import type { Reading, Value } from '../../../db/domain/types.ts';
import { createReadingStore } from '../../../db/stores/readings.ts';
import { KINDS, missing } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 10) * 1000;
const EVER = { from: 0, to: START + 100 * DAY };

const VALUES: Value[] = [
  ...[-0, 0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2 ** 53, -1e-300, 21.5],
  ...[true, false, '', '25.50', '-0', 'ON', 'NULL', 'a"b\\c{}', '🌡️'.repeat(2048), 'line\nline'],
];

for (const kind of KINDS) {
  void test(`packed readings on ${kind}`, { skip: missing(kind) }, async (t) => {
    const opened = await openHistory(t, kind, { now: START + 5 * DAY });
    const { sql, history, store, time } = opened;
    const [odd = 0, plain = 0, hot = 0, busy = 0] = await makeWidgets(sql, 4);
    const { roller, packer, queries, state } = history;
    const all = async (widget: number) =>
      queries.readings(widget, EVER, { order: 'asc', key: null, limit: 1_000_000 });
    const hasRows = async (day: number) => (await state.load()).partitions.readings.has(day);

    await t.test('are what came, to the bit and the microsecond', async () => {
      const readings = VALUES.map((value, i) => ({
        widgetId: odd,
        at: START + i * 61 * SECOND + i,
        seq: i,
        value,
      }));
      await store(...readings);
      await roller.roll(time.now);
      assert.equal(await packer.packDay(START), true);
      assert.equal(await hasRows(START), false, 'no plain row is left');
      const found = await all(odd);
      assert.equal(found.length, VALUES.length);
      for (const [i, { value, at, seq }] of found.entries()) {
        assert.ok(Object.is(value, VALUES[i]), `${String(value)}, not ${String(VALUES[i])}`);
        assert.deepEqual([at, seq], [readings[i]?.at, readings[i]?.seq]);
      }
    });

    await t.test('are recognised when they come again; with another value they are refused', async () => {
      const again = { widgetId: odd, at: START, seq: 0, value: VALUES[0] ?? 0 };
      assert.equal(await store(again), null);
      const outcomes = await store({ ...again, value: 7 }, { ...again, at: START + 1, value: 'late' });
      assert.deepEqual(
        outcomes?.map((outcome) => outcome.ok || outcome.code),
        ['CONFLICT', true],
      );
      // A batch is stored whole or not at all.
      const batch: Reading[] = [
        { widgetId: odd, at: START + 2, seq: 0, value: 1 },
        { ...again, value: 7 },
      ];
      const [whole] = (await createReadingStore(sql, state).commit([batch])) ?? [];
      assert.equal(whole?.ok, false);
      assert.deepEqual(
        (await all(odd)).slice(0, 2).map(({ at }) => at),
        [START, START + 1],
      );
    });

    await t.test('summaries follow what came late, and it is packed with the rest', async () => {
      const hours = async () =>
        (await queries.history(odd, { from: START, to: START + 3 * DAY - 1 }, 3, time.now)).stats.count;
      assert.equal(await hours(), VALUES.length + 1, 'before: from the raw readings');
      await roller.settleLate();
      assert.equal(await hours(), VALUES.length + 1);
      const [row] = await sql<{ count: number }[]>`
        select sum(count)::int as count from hour_rollups where widget_id = ${odd}`;
      assert.equal(row?.count, VALUES.length + 1);
      assert.equal(await packer.packDay(START), true);
      assert.equal(await hasRows(START), false);
      assert.equal((await all(odd)).length, VALUES.length + 1);
    });

    await t.test('nothing is lost or doubled that comes while a day is being packed', async () => {
      const day = START + DAY;
      const readings = Array.from({ length: 6000 }, (_, i) => ({
        widgetId: i % 2 === 0 ? plain : busy,
        at: day + (i * DAY) / 6000,
        seq: 0,
        value: i / 10,
      }));
      const late = readings.map((reading) => ({ ...reading, seq: 1 }));
      await store(...readings);
      await roller.roll(time.now);
      let packing = true;
      const packed = packer.packDay(day).finally(() => {
        packing = false;
      });
      let sent = 0;
      while (packing && sent < late.length) {
        // New ones, and copies of what is just being moved.
        const some = late.slice(sent, sent + 40);
        const outcomes = await store(...some, ...readings.slice(sent, sent + 40));
        assert.equal(outcomes, null);
        sent += some.length;
      }
      await packed;
      await packer.packDay(day);
      const found = [...(await all(plain)), ...(await all(busy))];
      assert.equal(found.length, readings.length + sent);
      assert.ok(sent > 0);
      await roller.settleLate();
      const range = { from: day, to: day + DAY - 1 };
      const count = async (widget: number) =>
        (await queries.history(widget, range, 24, time.now)).stats.count;
      assert.equal((await count(plain)) + (await count(busy)), readings.length + sent);
    });

    await t.test('an hour of very many is paged through both ways', async () => {
      const hour = START + 2 * DAY;
      const total = 40_000;
      for (let i = 0; i < total; i += 4000) {
        await store(
          ...Array.from({ length: 4000 }, (_, n) => ({
            widgetId: hot,
            at: hour + Math.floor((i + n) / 40) * 1000,
            seq: (i + n) % 40,
            value: i + n,
          })),
        );
      }
      await roller.roll(time.now);
      assert.equal(await packer.packDay(hour), true);
      for (const [order, limit] of [
        ['asc', 5000],
        ['desc', 5000],
        ['desc', 977],
      ] as const) {
        const values: Value[] = [];
        let key: ReadingKey | null = null;
        for (;;) {
          const page = await queries.readings(hot, EVER, { order, key, limit });
          values.push(...page.map(({ value }) => value));
          key = page.at(-1) ?? null;
          if (page.length < limit) break;
        }
        const expected = Array.from({ length: total }, (_, i) => (order === 'asc' ? i : total - 1 - i));
        assert.deepEqual(values, expected);
      }
    });

    await t.test('what was the newest is known after a restart', async () => {
      const [row] = await sql<{ num: number }[]>`select num from last_values where widget_id = ${hot}`;
      assert.equal(row?.num, 39_999);
    });
  });
}
