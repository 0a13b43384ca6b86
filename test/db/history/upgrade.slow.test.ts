import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator';
import { migrationsFolder } from '../../../db/built-at.ts';
import { connect } from '../../../db/client.ts';
import { createClock } from '../../../db/domain/clock.ts';
import type { Micros, Reading } from '../../../db/domain/types.ts';
import { encodeValue } from '../../../db/domain/value-codec.ts';
import { createHistory } from '../../../db/history/index.ts';
import { createLeapGuard } from '../../../db/history/leap-guard.ts';
import { DAY, HOUR, MINUTE } from '../../../db/history/spans.ts';
import { migrate } from '../../../db/migrate.ts';
import { KINDS, missing, silent } from '../../helpers/database.ts';
import { FOR_EVER, makeWidgets } from '../../helpers/history.ts';
import { HistoryModel } from '../../helpers/history-model.ts';
import { openTarget } from '../../helpers/open-database.ts';

/** The last with readings in a single table. */
const BEFORE = '0002_former_devices';
const START: Micros = Date.UTC(2026, 1, 26) * 1000;
/** Amid an hour and a day, some days later and in another month. */
const NOW: Micros = START + 4 * DAY + 7 * HOUR + 20 * MINUTE + 123_456;
const STEP: Micros = 97 * 1_000_000;

interface Journal {
  entries: { tag: string }[];
}

/** The program's migrations up to one. */
function migrationsUpTo(t: TestContext, tag: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-migrations-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(migrationsFolder(), folder, { recursive: true });
  const path = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8')) as Journal;
  const index = journal.entries.findIndex((entry) => entry.tag === tag);
  assert.ok(index >= 0);
  writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, index + 1) }));
  return folder;
}

/** Numbers, booleans and texts, some at one time, on the edges of days too. */
function readingsOf(numbers: number, booleans: number, texts: number): Reading[] {
  const all: Reading[] = [];
  for (let i = 0; START + i * STEP < NOW; i++) {
    const at = START + i * STEP + (i % 7 === 0 ? 1 : 0);
    all.push({ widgetId: numbers, at, seq: 0, value: ((i * 37) % 1000) / 8 });
    if (i % 3 === 0) all.push({ widgetId: booleans, at, seq: i, value: i % 2 === 0 });
    if (i % 11 === 0) {
      all.push({ widgetId: texts, at, seq: 1, value: 'cool' });
      all.push({ widgetId: texts, at, seq: 2, value: i % 2 === 0 ? 'heat' : '12.5' });
    }
  }
  for (let day = 1; day <= 4; day++) {
    all.push({ widgetId: numbers, at: START + day * DAY, seq: 9, value: day });
    all.push({ widgetId: numbers, at: START + day * DAY - 1, seq: 9, value: -day });
  }
  return all;
}

for (const kind of KINDS) {
  void test(`readings of a version with a single table on ${kind}`, { skip: missing(kind) }, async (t) => {
    const target = await openTarget(t, kind);
    const { sql, db, close } = connect(target, silent);
    t.after(() => close());
    await runMigrations(db, { migrationsFolder: migrationsUpTo(t, BEFORE) });
    const ids = await makeWidgets(sql, 4);
    const [numbers = 0, booleans = 0, texts = 0, idle = 0] = ids;
    const all = readingsOf(numbers, booleans, texts);
    assert.ok(all.length > 5000);
    const model = new HistoryModel();
    for (const reading of all) assert.ok(model.add(reading));
    const columns = all.map(({ widgetId, at, seq, value }) => ({ widgetId, at, seq, ...encodeValue(value) }));
    const column = (take: (row: (typeof columns)[number]) => number | string | null) =>
      JSON.stringify(columns.map(take));
    await sql.unsafe(
      `insert into readings (widget_id, at, seq, kind, num, txt)
       select w::int, to_timestamp(a::float8 / 1e6), s::bigint, k::smallint, n::float8, t
       from rows from (
         json_array_elements_text($1::text::json), json_array_elements_text($2::text::json),
         json_array_elements_text($3::text::json), json_array_elements_text($4::text::json),
         json_array_elements_text($5::text::json), json_array_elements_text($6::text::json)
       ) as given(w, a, s, k, n, t)`,
      [
        column(({ widgetId }) => widgetId),
        column(({ at }) => at),
        column(({ seq }) => seq),
        column(({ kind: valueKind }) => valueKind),
        column(({ num }) => num),
        column(({ txt }) => txt),
      ],
    );

    await migrate(target, silent);
    const clock = createClock(() => NOW / 1000, 0);
    const events = { record: () => true };
    const history = createHistory({
      ...{ sql, clock, keep: FOR_EVER, log: silent, dropped: { record: () => {} } },
      leaps: createLeapGuard({ sql, events, log: silent, monotonic: () => 0 }),
      ...{ monotonic: () => 0, busy: () => false, shared: null },
    });
    const readingsIn = async (widgetId: number) => {
      const found: Omit<Reading, 'widgetId'>[] = [];
      for await (const page of history.queries.stream(widgetId, { from: 0, to: NOW })) found.push(...page);
      return found;
    };
    const allAreFound = async () => {
      for (const id of ids) {
        const expected = model.of(id).map(({ at, seq, value }) => ({ at, seq, value }));
        assert.deepEqual(await readingsIn(id), expected);
      }
    };
    const historyIsRight = async () => {
      const ranges: [Micros, Micros, number][] = [
        [START, NOW, 40],
        [START, NOW + DAY, 40],
        [START + DAY, START + 2 * DAY - 1, 200],
        [START - HOUR, START + 40 * MINUTE, 50],
        [START + DAY + 17 * MINUTE, START + 3 * DAY + 1, 5],
      ];
      for (const [from, to, points] of ranges) {
        for (const id of [numbers, booleans, texts, idle]) {
          const { width, stats } = await history.queries.history(id, { from, to }, points, NOW);
          assert.deepEqual(stats, model.history(id, from, to, width, NOW).stats);
        }
      }
    };

    await t.test('are all there, each in its day', async () => {
      await allAreFound();
      const { partitions, rolledBefore } = await history.state.load();
      assert.equal(partitions.readings.size, 5);
      assert.equal(rolledBefore, START);
      await historyIsRight();
    });

    await t.test('are summed up at once', async () => {
      await history.roller.roll(NOW);
      const { rolledBefore } = await history.state.load();
      assert.equal(rolledBefore, NOW - (NOW % HOUR));
      const [row] = await sql.unsafe<{ sum: number }[]>(
        'select coalesce(sum(count), 0)::float8 as sum from hour_rollups',
      );
      assert.equal(row?.sum, all.filter(({ at }) => at < rolledBefore).length);
      await historyIsRight();
      const { tier } = await history.queries.history(numbers, { from: START, to: NOW }, 40, NOW);
      assert.equal(tier, 'hour');
    });

    await t.test('are packed like others', async () => {
      await history.packer.packDue(NOW);
      const { partitions } = await history.state.load();
      assert.ok(partitions.chunks.size >= 3);
      await allAreFound();
      await historyIsRight();
    });
  });
}
