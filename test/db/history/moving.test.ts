import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadingKey } from '../../../db/domain/row.ts';
import { MAX_ROWS } from '../../../db/history/codec/chunk.ts';
import type { Order } from '../../../db/history/query/raw.ts';
import { KINDS, missing } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const SECOND = 1_000_000;
const DAY = 24 * 3600 * SECOND;
const START = Date.UTC(2026, 0, 10) * 1000;
const EVER = { from: 0, to: START + 100 * DAY };

for (const kind of KINDS) {
  void test(`readings on their way into packed ones on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql, history, store, time } = await openHistory(t, kind, { now: START + 5 * DAY });
    const [steady = 0, hot = 0] = await makeWidgets(sql, 2);
    const { roller, packer, queries } = history;

    await t.test('are each told once, in order, whenever somebody looks', async () => {
      const total = 6000;
      const all = Array.from({ length: total }, (_, i) => ({
        widgetId: steady,
        at: START + (i * DAY) / total,
        seq: 0,
        value: i,
      }));
      await store(...all);
      await roller.roll(time.now);
      const values = all.map(({ value }) => value);
      let packing = true;
      const packed = packer.packDay(START).finally(() => {
        packing = false;
      });
      let looks = 0;
      while (packing) {
        const streamed: unknown[] = [];
        for await (const page of queries.stream(steady, EVER))
          streamed.push(...page.map(({ value }) => value));
        assert.deepEqual(streamed, values);
        const range = { from: START, to: START + DAY - 1 };
        // Of raw readings: none of the intervals is as long as a minute.
        const { tier, stats } = await queries.history(steady, range, 2000, time.now);
        assert.deepEqual([tier, stats.count], ['raw', total]);
        looks++;
      }
      assert.equal(await packed, true);
      assert.ok(looks > 1, `looked ${looks} times`);
    });

    await t.test('are paged through over the border of two parts, some at a time, both ways', async () => {
      const hour = START + DAY;
      const total = MAX_ROWS + 200;
      // Many at one time there: the border is between two sequence numbers.
      const all = Array.from({ length: total }, (_, i) => ({
        widgetId: hot,
        at: hour + Math.floor(i / 50) * SECOND,
        seq: i % 50,
        value: i,
      }));
      for (let i = 0; i < total; i += 4000) await store(...all.slice(i, i + 4000));
      await roller.roll(time.now);
      assert.equal(await packer.packDay(hour), true);
      const [row] = await sql<{ parts: number }[]>`
        select count(*)::int as parts from chunks where widget_id = ${hot}`;
      assert.equal(row?.parts, 2);
      const around = async (order: Order, limit: number, first: number, last: number) => {
        const values: unknown[] = [];
        let key: ReadingKey | null = all[first] ?? null;
        while (values.length < Math.abs(last - first)) {
          const page = await queries.readings(hot, EVER, { order, key, limit });
          assert.ok(page.length > 0);
          values.push(...page.map(({ value }) => value));
          key = page.at(-1) ?? null;
        }
        return values.slice(0, Math.abs(last - first));
      };
      const [low, high] = [MAX_ROWS - 20, MAX_ROWS + 20];
      const between = Array.from({ length: high - low }, (_, i) => low + 1 + i);
      for (const limit of [1, 2, 7, 39, 40, 41]) {
        assert.deepEqual(await around('asc', limit, low, high), between, `${limit} ascending`);
        const down = between.map((value) => value - 1).toReversed();
        assert.deepEqual(await around('desc', limit, high, low), down, `${limit} descending`);
      }
      const end = await queries.readings(hot, EVER, { order: 'asc', key: all.at(-1) ?? null, limit: 1 });
      assert.deepEqual(end, []);
    });
  });
}
