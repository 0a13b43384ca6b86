import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, type Kind, missing } from '../../helpers/database.ts';
import { FOR_EVER, type HistoryOptions, makeWidgets, openHistory } from '../../helpers/history.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const DAY_MS = DAY / 1000;
const START = Date.UTC(2026, 0, 10) * 1000;
const KEEP = { raw: 5 * DAY_MS, minute: 100 * DAY_MS, hour: null };

/** Ten days with a reading each hour, packed but for the last two. */
async function tenDays(
  t: Parameters<typeof openHistory>[0],
  kind: Kind,
  options: Partial<HistoryOptions> = {},
) {
  const opened = await openHistory(t, kind, { now: START + 10 * DAY, keep: KEEP, ...options });
  const { sql, history, store, time } = opened;
  const [widget = 0] = await makeWidgets(sql, 1);
  await store(
    ...Array.from({ length: 240 }, (_, i) => ({ widgetId: widget, at: START + i * HOUR, seq: 0, value: i })),
  );
  await history.roller.roll(time.now);
  await history.packer.packDue(time.now);
  const days = async () => {
    const { readings, chunks } = (await history.state.load()).partitions;
    return [...new Set([...readings, ...chunks])].map((day) => (day - START) / DAY).sort((a, b) => a - b);
  };
  const count = async (from = START) => {
    const { stats } = await history.queries.history(widget, { from, to: time.now - 1 }, 24, time.now);
    return stats.count;
  };
  return { ...opened, widget, days, count };
}

for (const kind of KINDS) {
  void test(`retention on ${kind}`, { skip: missing(kind) }, async (t) => {
    await t.test('raw days go whole; their summaries stay, and nothing can be stored there', async (t) => {
      const { sql, history, store, time, widget, days, count, dropped, events } = await tenDays(t, kind);
      assert.deepEqual(await days(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await history.retention.run(time.now);
      assert.deepEqual(await days(), [5, 6, 7, 8, 9]);
      const left =
        await sql`select 1 from pg_class where relname in ('chunks_20260110', 'readings_20260110')`;
      assert.equal(left.length, 0, 'the tables are gone, and their room with them');
      assert.equal(dropped.retention, 5 * 24);
      assert.deepEqual(
        events.filter(({ kind: of }) => of === 'history_dropped').map(({ detail }) => detail?.day),
        ['2026-01-10', '2026-01-11', '2026-01-12', '2026-01-13', '2026-01-14'],
      );
      assert.equal(await count(), 240);
      const outcomes = await store(
        { widgetId: widget, at: START + HOUR, seq: 5, value: 1 },
        { widgetId: widget, at: START + 9 * DAY, seq: 5, value: 1 },
      );
      assert.deepEqual(
        outcomes?.map((outcome) => outcome.ok || outcome.code),
        ['INVALID_TIMESTAMP', true],
      );
      assert.equal(history.rawFrom(), START + 5 * DAY);
      await history.rebuild({ from: 0, to: time.now });
      await history.roller.settleLate();
      assert.equal(await count(), 241, 'a rebuild erases nothing');
    });

    await t.test('minutes go by the month, and hours answer in their place', async (t) => {
      const { history, time, widget, count } = await tenDays(t, kind);
      time.now += 140 * DAY;
      time.monotonic += 140 * DAY_MS;
      await history.retention.run(time.now);
      assert.equal((await history.state.load()).partitions.minute_rollups.size, 0);
      assert.equal(await count(), 240);
      const hour = { from: START + DAY, to: START + DAY + 2 * HOUR - 1 };
      const { points } = await history.queries.history(widget, hour, 100, time.now);
      assert.deepEqual(
        points.map(({ at, avg }) => [at, avg]),
        [
          [START + DAY, 24],
          [START + DAY + HOUR, 25],
        ],
      );
    });

    await t.test('for ever is for ever', async (t) => {
      const { history, time, days } = await tenDays(t, kind, { keep: FOR_EVER });
      time.now += 3000 * DAY;
      await history.retention.run(time.now);
      assert.equal((await days()).length, 10);
    });

    await t.test('after a leap of the clock nothing is dropped for a day', async (t) => {
      const { history, time, days, events } = await tenDays(t, kind);
      await history.retention.run(time.now);
      const before = (await days()).length;
      time.now += 400 * DAY;
      await history.retention.run(time.now);
      time.monotonic += DAY_MS - 1000;
      await history.retention.run(time.now);
      assert.equal((await days()).length, before);
      assert.equal(events.filter(({ kind: of }) => of === 'history_waits').length, 1);
      // The clock is set right again: what it was is forgotten.
      await history.retention.run(time.now - 400 * DAY);
      time.monotonic += 2000;
      await history.retention.run(time.now);
      assert.equal((await days()).length, before);
      time.monotonic += DAY_MS;
      await history.roller.roll(time.now);
      await history.retention.run(time.now);
      assert.equal((await days()).length, 0);
    });

    await t.test('for the disk the oldest day goes, and never the newest', async (t) => {
      const { history, days, count } = await tenDays(t, kind);
      const gone: (string | undefined)[] = [];
      for (;;) {
        const day = await history.dropOldestDay();
        if (day === null) break;
        assert.equal(day.readings, 24);
        gone.push(day.day.slice(-2));
      }
      assert.deepEqual(gone, ['10', '11', '12', '13', '14', '15', '16', '17', '18']);
      assert.deepEqual(await days(), [9]);
      assert.equal(await count(), 240);
    });

    await t.test('an hour whose readings were dropped takes no import; one that had none does', async (t) => {
      const { history, time, widget, count } = await tenDays(t, kind);
      await history.retention.run(time.now);
      const at = (hours: number, value: number) => ({
        widgetId: widget,
        at: START + hours * HOUR + 1,
        seq: 0,
        value,
      });
      const { store: put } = history.importer;
      assert.deepEqual(await put([at(3, 1), at(-50, 2), at(220, 3)]), ['summarised', 'stored', 'stored']);
      assert.deepEqual(await put([at(3, 1), at(-50, 2), at(-50, 9), at(220, 3)]), [
        'summarised',
        'known',
        'conflict',
        'known',
      ]);
      assert.equal(await count(START - 10 * DAY), 242);
    });

    await t.test('a clock that had been ahead is no harm to what comes after', async (t) => {
      const { sql, history, store, time, widget, count } = await tenDays(t, kind);
      const wrong = time.now + 50 * DAY;
      await history.roller.roll(wrong);
      assert.equal((await history.state.load()).rolledBefore, wrong - HOUR);
      await history.roller.roll(time.now);
      assert.ok((await history.state.load()).rolledBefore <= time.now);
      await store({ widgetId: widget, at: time.now - SECOND, seq: 0, value: 5 });
      time.now += 2 * HOUR;
      await history.roller.roll(time.now);
      assert.equal(await count(), 241);
      const [row] = await sql<{ late: number }[]>`select count(*)::int as late from late_hours`;
      assert.equal(row?.late, 0, 'it was not late');
    });
  });
}
