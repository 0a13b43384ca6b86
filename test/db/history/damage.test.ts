import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../../db/client.ts';
import { createReadingStore } from '../../../db/stores/readings.ts';
import { KINDS, missing, silent } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 10) * 1000;

for (const kind of KINDS) {
  void test(`what goes wrong with one hour on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { sql, target, history, store, time } = await openHistory(t, kind, { now: START + 6 * DAY });
    const [broken = 0, whole = 0] = await makeWidgets(sql, 2);
    const { roller, packer, retention, state, queries } = history;
    const each = (widgetId: number, from: number) =>
      Array.from({ length: 48 }, (_, i) => ({ widgetId, at: from + i * HOUR, seq: 0, value: i }));
    await store(...each(broken, START), ...each(whole, START));
    await roller.roll(time.now);
    await packer.packDue(time.now);
    const hour = START + 5 * HOUR;
    await sql`update chunks set keys = '\\x01ffffff' where widget_id = ${broken}
      and hour = to_timestamp(${String(hour)}::text::float8 / 1e6)`;

    await t.test('a reading beside damaged ones is stored, and so are all others', async () => {
      assert.equal(
        await store(
          { widgetId: broken, at: hour + SECOND, seq: 0, value: 'late' },
          { widgetId: whole, at: hour + SECOND, seq: 0, value: 'late' },
        ),
        null,
      );
    });

    await t.test('other hours are summed up and packed, and old days go', async () => {
      await store(...each(whole, START + 2 * DAY));
      await roller.roll(time.now);
      await roller.settleLate();
      const left = await sql<{ id: number }[]>`select widget_id as id from late_hours`;
      assert.deepEqual(
        left.map(({ id }) => id),
        [broken],
        'the damaged one stays marked',
      );
      time.monotonic += 2 * 3_600_000;
      await packer.packDue(time.now);
      const { readings } = (await state.load()).partitions;
      assert.deepEqual(
        [...readings].filter((day) => day < time.now - 2 * DAY),
        [START],
        'its plain rows stay, and no others',
      );
      const range = { from: START, to: time.now - 1 };
      assert.equal((await queries.history(whole, range, 24, time.now)).stats.count, 97);
      assert.equal((await retention.dropOldestDay(time.now))?.day, '2026-01-10');
    });

    await t.test('a day that goes while it is summed up anew leaves its summaries', async () => {
      const count = async () => {
        const [row] = await sql<{ count: number }[]>`select count(*)::int as count from hour_rollups`;
        return row?.count;
      };
      const before = await count();
      await history.rebuild({ from: 0, to: time.now });
      await Promise.all([roller.settleLate(), history.dropOldestDay(), history.dropOldestDay()]);
      await roller.settleLate();
      assert.equal(await count(), before);
    });

    await t.test('what comes again and again takes no more memory of the database', async () => {
      // What is prepared belongs to a connection: one, so that all is seen.
      const { sql: one, close } = connect(target, silent, 1);
      t.after(close);
      const commit = createReadingStore(one, state).commit;
      const batch = (i: number) =>
        Array.from({ length: 3 }, (_, n) => ({
          widgetId: whole,
          at: time.now - (i + n) * SECOND,
          seq: 0,
          value: n,
        }));
      const statements = async () => {
        const [row] = await one<
          { count: number }[]
        >`select count(*)::int as count from pg_prepared_statements`;
        return row?.count ?? 0;
      };
      for (let i = 0; i < 5; i++)
        for (let twice = 0; twice < 2; twice++) await commit([batch(i * 10), batch(i * 10)]);
      const before = await statements();
      for (let i = 5; i < 30; i++)
        for (let twice = 0; twice < 2; twice++) await commit([batch(i * 10), batch(i * 10)]);
      assert.ok((await statements()) <= before + 3, `${before} statements, then ${await statements()}`);
    });
  });
}
