import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reading } from '../../db/domain/types.ts';
import { createHistoryStore, type ReadingKey } from '../../db/stores/history.ts';
import { createReadingStore } from '../../db/stores/readings.ts';
import { KINDS, missing, openDatabase } from '../helpers/database.ts';

const FROM = Date.UTC(2026, 0, 1) * 1000;
const SECOND = 1_000_000;

for (const kind of KINDS) {
  void test(`history on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql } = await openDatabase(t, kind);
    const readings = createReadingStore(sql);
    const history = createHistoryStore(sql);
    const store = (all: Reading[]) => readings.commit([all]);

    await t.test('pages of any size give every reading once, in order, both ways', async () => {
      // Many at one time: only the sequence number tells them apart, and 10 comes after 9.
      await store(
        Array.from({ length: 1203 }, (_, seq) => ({ widgetId: 1, at: FROM + (seq % 3), seq, value: seq })),
      );
      for (const order of ['asc', 'desc'] as const) {
        const all: ReadingKey[] = [];
        let key: ReadingKey | null = null;
        for (;;) {
          const page: ReadingKey[] = await history.readings(
            1,
            { from: FROM, to: FROM + 10 },
            { order, key, limit: 100 },
          );
          all.push(...page.map(({ at, seq }) => ({ at, seq })));
          key = page.at(-1) ?? null;
          if (page.length < 100) break;
        }
        const sign = order === 'asc' ? 1 : -1;
        assert.deepEqual(
          all,
          all.toSorted((a, b) => sign * (a.at - b.at || a.seq - b.seq)),
        );
        assert.equal(new Set(all.map(({ at, seq }) => `${at}/${seq}`)).size, 1203);
      }
    });

    await t.test(
      'intervals have the true minimum, maximum, mean, last value and count, across many pages',
      async () => {
        const count = 45_000;
        const value = (i: number) => Math.round(1000 * Math.sin(i / 500));
        for (let start = 0; start < count; start += 5000) {
          await store(
            Array.from({ length: 5000 }, (_, i) => ({
              widgetId: 2,
              at: FROM + (start + i) * SECOND,
              seq: 0,
              value: value(start + i),
            })),
          );
        }
        const to = FROM + count * SECOND - 1;
        const points = await history.intervals(2, { from: FROM, to }, 45);
        assert.equal(points.length, 45);
        for (const [n, point] of points.entries()) {
          const values = Array.from({ length: 1000 }, (_, i) => value(n * 1000 + i));
          assert.deepEqual(
            { ...point, avg: Math.round((point.avg ?? 0) * 1000) },
            {
              at: FROM + n * 1000 * SECOND,
              min: Math.min(...values),
              max: Math.max(...values),
              avg: Math.round(values.reduce((a, b) => a + b)),
              last: values.at(-1),
              count: 1000,
              numbers: 1000,
            },
          );
        }
      },
    );

    await t.test('text has no minimum, and its last value; numbers in text count', async () => {
      await store([
        { widgetId: 3, at: FROM, seq: 0, value: 'open' },
        { widgetId: 3, at: FROM + 1, seq: 0, value: '21.5' },
        { widgetId: 3, at: FROM + 2, seq: 0, value: 'closed' },
      ]);
      const [point] = await history.intervals(3, { from: FROM, to: FROM + SECOND }, 1);
      assert.deepEqual(point, {
        at: FROM,
        min: 21.5,
        max: 21.5,
        avg: 21.5,
        last: 'closed',
        count: 3,
        numbers: 1,
      });
      assert.deepEqual(await history.intervals(4, { from: FROM, to: FROM + SECOND }, 10), []);
    });
  });
}
