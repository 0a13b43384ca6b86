import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReadingStore } from '../../../db/stores/readings.ts';
import { missing } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const NOW = Date.UTC(2026, 0, 10) * 1000;
const WIDGETS = 50;
const EACH = 30;
const ROUNDS = 12;

void test('two nodes that are sent the same readings again, in opposite order, store each once', {
  skip: missing('postgres'),
}, async (t) => {
  const { sql, history } = await openHistory(t, 'postgres', { now: NOW });
  const widgets = await makeWidgets(sql, WIDGETS);
  const stores = [createReadingStore(sql, history.state), createReadingStore(sql, history.state)] as const;
  const deadlocks = async () => {
    await sql`select pg_stat_clear_snapshot()`;
    const [row] = await sql<{ count: number }[]>`
      select deadlocks::int as count from pg_stat_database where datname = current_database()`;
    return row?.count ?? 0;
  };
  const readings = (round: number) =>
    widgets.flatMap((widgetId, w) =>
      Array.from({ length: EACH }, (_, i) => ({ widgetId, at: NOW + round * EACH + i, seq: w, value: i })),
    );
  for (let round = 0; round < ROUNDS; round++) {
    const rows = readings(round).map((reading) => [reading]);
    const outcomes = await Promise.all([stores[0].commit(rows), stores[1].commit(rows.toReversed())]);
    for (const outcome of outcomes) assert.ok(outcome === null || outcome.every(({ ok }) => ok));
  }
  const [row] = await sql<{ count: number }[]>`select count(*)::int as count from readings`;
  assert.equal(row?.count, ROUNDS * WIDGETS * EACH);
  assert.equal(await deadlocks(), 0);
});

void test('of two readings of one identity in one group the first that came is kept, also where all look out for known ones', {
  skip: missing('postgres'),
}, async (t) => {
  const { sql, history } = await openHistory(t, 'postgres', { now: NOW });
  const widgets = await makeWidgets(sql, 400);
  const store = createReadingStore(sql, history.state);
  const known = [[{ widgetId: widgets[0] ?? 0, at: NOW - 1, seq: 0, value: 0 }]];
  await store.commit(known);
  await store.commit(known);
  const first = widgets.map((widgetId) => [{ widgetId, at: NOW, seq: 0, value: 1 }]);
  const second = widgets.map((widgetId) => [{ widgetId, at: NOW, seq: 0, value: 2 }]);
  const outcomes = await store.commit([...first.toReversed(), ...second]);
  assert.deepEqual(
    outcomes?.map(({ ok }) => ok),
    [...first.map(() => true), ...second.map(() => false)],
  );
});
