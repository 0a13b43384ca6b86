import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reading } from '../../../db/domain/types.ts';
import { KINDS, missing } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 15, 12) * 1000;
const KEEP = { raw: 30 * DAY_MS, minute: 365 * DAY_MS, hour: null };

for (const kind of KINDS) {
  void test(`an import on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql, time, dropped, history, store } = await openHistory(t, kind, { now: NOW, keep: KEEP });
    const [widgetId = 0] = await makeWidgets(sql, 1);
    const of = (at: number, value = 1): Reading => ({ widgetId, at, seq: 0, value });
    const keepUp = async () => {
      await history.roller.roll(time.now);
      await history.packer.packDue(time.now);
      await history.retention.run(time.now);
    };
    const old = Date.UTC(2024, 1, 3, 4) * 1000;
    const oldHour = [of(old), of(old + 1), of(old + 2)];

    await t.test('may be cut and run again: what it brought stays for a day after it', async () => {
      // A box that has never dropped anything, as it is when somebody comes from elsewhere.
      assert.deepEqual(await history.importer.store(oldHour.slice(0, 2)), ['stored', 'stored']);
      await keepUp();
      assert.deepEqual(await history.importer.store(oldHour), ['known', 'known', 'stored']);
      time.now += 20 * HOUR;
      await keepUp();
      assert.deepEqual(await history.importer.store([of(old, 2)]), ['conflict']);
      time.now += 20 * HOUR;
      await keepUp();
      assert.deepEqual(await history.importer.store(oldHour), ['known', 'known', 'known']);
      assert.equal(dropped.retention, 0);
    });

    await t.test('holds up nothing that becomes too old while it goes on', async () => {
      await store(of(time.now));
      const readingsOf = async (day: number) =>
        (
          await history.queries.readings(
            widgetId,
            { from: day, to: day + 1 },
            { order: 'asc', key: null, limit: 9 },
          )
        ).length;
      const day = time.now;
      const end = time.now + 32 * DAY;
      // One after the other, so that it never ends.
      while (time.now < end) {
        time.now += DAY - HOUR;
        await history.importer.store([of(old)]);
        await keepUp();
      }
      assert.equal(await readingsOf(day), 0);
      assert.deepEqual(await history.importer.store(oldHour), ['known', 'known', 'known']);
    });

    await t.test('goes on while summaries that are too old are dropped', async () => {
      for (let i = 1; i <= 20; i++) {
        const [outcomes] = await Promise.all([history.importer.store([of(old + i * HOUR)]), keepUp()]);
        assert.deepEqual(outcomes, ['stored']);
      }
    });

    await t.test('is summed up and gone a day later', async () => {
      const before = dropped.retention;
      time.now += DAY;
      await keepUp();
      assert.equal(dropped.retention - before, 23);
      assert.deepEqual(await history.importer.store(oldHour), ['summarised', 'summarised', 'summarised']);
    });
  });
}
