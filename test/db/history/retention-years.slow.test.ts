import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import type { NewEvent } from '../../../db/domain/ports.ts';
import { createDroppedHistory } from '../../../db/history/dropped.ts';
import { KINDS, missing, silent } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const DAY_MS = DAY / 1000;
const START = Date.UTC(2024, 10, 28) * 1000;
const KEEP = { raw: 5 * DAY_MS, minute: 10 * DAY_MS, hour: 25 * DAY_MS };

for (const kind of KINDS) {
  void test(`summaries that have been kept long enough on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql, history, store, time } = await openHistory(t, kind, { now: START, keep: KEEP });
    const [widgetId = 0] = await makeWidgets(sql, 1);
    const pass = async (days: number) => {
      const end = time.now + days * DAY;
      // A day at a time: a leap of the clock would be waited for.
      while (time.now < end) {
        await store({ widgetId, at: time.now, seq: 0, value: 1 });
        time.now += DAY;
        time.monotonic += DAY_MS;
        await history.roller.roll(time.now);
        await history.retention.run(time.now);
      }
    };
    const partitions = async () => (await history.state.load()).partitions;
    const monthsOf = (starts: Iterable<number>) =>
      [...starts].sort((a, b) => a - b).map((at) => new Date(at / 1000).toISOString().slice(0, 7));
    const tables = async (name: string) =>
      (await sql`select 1 from pg_class where relname like ${`${name}%`} and relkind in ('r', 'p')`).length;
    const count = async () => {
      const range = { from: START, to: time.now - 1 };
      return (await history.queries.history(widgetId, range, 20, time.now)).stats.count;
    };

    await t.test('a month of minutes stays until its last day is too old', async () => {
      await pass(12);
      assert.deepEqual(monthsOf((await partitions()).minute_rollups), ['2024-11', '2024-12']);
      await pass(1);
      assert.deepEqual(monthsOf((await partitions()).minute_rollups), ['2024-12']);
      assert.equal(await tables('minute_rollups_202411'), 0);
      assert.equal(await count(), 13, 'hours answer in their place');
    });

    await t.test(
      'a year of hours stays until its last day is too old, and goes with all its parts',
      async () => {
        await pass(45);
        assert.equal((await partitions()).hour_rollups.size, 2);
        assert.ok((await tables('hour_rollups_2024')) > 1);
        assert.equal(await count(), 58);
        await pass(1);
        assert.equal((await partitions()).hour_rollups.size, 1);
        assert.equal(await tables('hour_rollups_2024'), 0);
        // Of 2024 there were 34 days.
        assert.equal(await count(), 59 - 34);
      },
    );
  });
}

void test('a day that was kept long enough is told and counted', async () => {
  const registry = new Registry();
  const events: NewEvent[] = [];
  const record = (event: NewEvent) => {
    events.push(event);
    return true;
  };
  const dropped = createDroppedHistory({ registry, events: { record }, log: silent });
  assert.match(await registry.metrics(), /pm_iot_history_dropped_readings_total\{reason="retention"\} 0/);
  dropped.record('retention', { day: '2026-01-15', readings: 24 });
  dropped.record('retention', { day: '2026-01-16', readings: 6 });
  assert.match(await registry.metrics(), /pm_iot_history_dropped_readings_total\{reason="retention"\} 30/);
  assert.match(await registry.metrics(), /pm_iot_history_dropped_readings_total\{reason="disk"\} 0/);
  assert.deepEqual(events[0], {
    kind: 'history_dropped',
    actor: 'system',
    detail: { reason: 'retention', day: '2026-01-15', readings: 24 },
  });
});
