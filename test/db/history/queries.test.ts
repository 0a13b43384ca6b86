import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReadingKey } from '../../../db/domain/row.ts';
import type { Reading } from '../../../db/domain/types.ts';
import { createHistoryStore } from '../../../db/history/query/index.ts';
import { createHistoryState } from '../../../db/history/state.ts';
import { createReadingStore } from '../../../db/stores/readings.ts';
import { KINDS, missing } from '../../helpers/database.ts';
import { openDatabase } from '../../helpers/open-database.ts';

const FROM = Date.UTC(2026, 0, 1) * 1000;
const SECOND = 1_000_000;

for (const kind of KINDS) {
  void test(`history on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql } = await openDatabase(t, kind);
    const state = createHistoryState(sql);
    const readings = createReadingStore(sql, state);
    const history = createHistoryStore(sql, state);
    const store = (all: Reading[]) => readings.commit([all]);
    const ask = (widget: number, from: number, to: number, points: number) =>
      history.history(widget, { from, to }, points, to + 1);

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
      'points have the true minimum, maximum, mean, last value and count, across many pages',
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
        const { points, stats } = await ask(2, FROM, FROM + count * SECOND - 1, 750);
        assert.equal(points.length, 750);
        for (const [n, point] of points.entries()) {
          const values = Array.from({ length: 60 }, (_, i) => value(n * 60 + i));
          assert.deepEqual(
            { ...point, avg: Math.round((point.avg ?? 0) * 1000) },
            {
              at: FROM + n * 60 * SECOND,
              min: Math.min(...values),
              max: Math.max(...values),
              avg: Math.round((values.reduce((a, b) => a + b) / 60) * 1000),
              last: values.at(-1),
              count: 60,
              states: null,
            },
          );
        }
        assert.equal(stats.count, count);
      },
    );

    await t.test(
      'text has no minimum, its last value, and the time it lasted; numbers in text count',
      async () => {
        await store([
          { widgetId: 3, at: FROM, seq: 0, value: 'open' },
          { widgetId: 3, at: FROM + 2 * SECOND, seq: 0, value: '21.5' },
          { widgetId: 3, at: FROM + 3 * SECOND, seq: 0, value: 'closed' },
        ]);
        const { points } = await ask(3, FROM, FROM + 10 * SECOND - 1, 1);
        assert.deepEqual(points, [
          {
            at: FROM,
            min: 21.5,
            max: 21.5,
            avg: 21.5,
            last: 'closed',
            count: 3,
            states: { open: 2, closed: 7 },
          },
        ]);
        assert.deepEqual((await ask(4, FROM, FROM + SECOND, 10)).points, []);
      },
    );

    await t.test('a state that began before lasts into what is asked for', async () => {
      const { points, stats } = await ask(3, FROM + 4 * SECOND, FROM + 10 * SECOND - 1, 2);
      assert.deepEqual(points, []);
      assert.deepEqual(stats, { min: null, max: null, avg: null, count: 0, states: { closed: 6 } });
    });

    await t.test('sums beyond all numbers have a mean all the same', async () => {
      await store([0, 1, 2].map((seq) => ({ widgetId: 5, at: FROM, seq, value: 2 ** 1023 })));
      assert.equal((await ask(5, FROM, FROM, 1)).stats.avg, 2 ** 1023);
    });
  });
}
