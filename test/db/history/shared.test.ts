import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { connect } from '../../../db/client.ts';
import { createLocks } from '../../../db/cluster/locks.ts';
import { createSharedTurns } from '../../../db/cluster/turns.ts';
import { createClock } from '../../../db/domain/clock.ts';
import { monotonic } from '../../../db/domain/time.ts';
import type { Reading } from '../../../db/domain/types.ts';
import { createHistory } from '../../../db/history/index.ts';
import { createReadingStore } from '../../../db/stores/readings.ts';
import { silent } from '../../helpers/database.ts';
import { FOR_EVER, makeWidgets } from '../../helpers/history.ts';
import { openDatabase, type TestDatabase } from '../../helpers/open-database.ts';
import { postgresMissing } from '../../helpers/postgres.ts';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 5, 15, 12) * 1000;
const BEGIN = NOW - 4 * DAY;

/** History as one node of a cluster sees it; one of them keeps it. */
async function openNode(t: TestContext, { target }: TestDatabase, leads: () => boolean) {
  const { sql, close } = connect(target, silent, 4);
  const locks = createLocks({
    connect: (onClose) => connect(target, silent, 1, { onClose, silenceLimit: 10_000 }),
    log: silent,
    onFatal: assert.fail,
  });
  t.after(async () => {
    await locks.stop();
    await close();
  });
  await locks.start();
  const woken = { times: 0 };
  const history = createHistory({
    sql,
    clock: createClock(() => NOW / 1000, 0),
    keep: FOR_EVER,
    log: silent,
    dropped: { record: assert.fail },
    leaps: { mayDrop: async () => true, forget: () => {} },
    monotonic,
    small: 0,
    busy: () => false,
    shared: {
      leads,
      turns: createSharedTurns({ locks, sql }),
      wakeLeader: () => {
        woken.times++;
      },
    },
  });
  return { history, woken, store: createReadingStore(sql, history.state), locks };
}

void test('history that two nodes share', { skip: postgresMissing() }, async (t) => {
  const database = await openDatabase(t, 'postgres');
  const { sql } = database;
  await sql`update history_state set claimed_before = to_timestamp(0), rolled_before = to_timestamp(0)`;
  const ids = await makeWidgets(sql, 3);
  const lead = { here: true };
  const leader = await openNode(t, database, () => lead.here);
  const other = await openNode(t, database, () => !lead.here);
  await other.history.state.load();

  const reading = (widgetId: number, at: number, seq = 0): Reading => ({ widgetId, at, seq, value: 1 });
  const countOf = async (node: typeof leader, widgetId: number) => {
    const { stats, points } = await node.history.queries.history(
      widgetId,
      { from: BEGIN, to: NOW },
      1000,
      NOW,
    );
    let raw = 0;
    for await (const page of node.history.queries.stream(widgetId, { from: BEGIN, to: NOW }))
      raw += page.length;
    return { raw, summed: stats.count, ofPoints: points.reduce((sum, { count }) => sum + count, 0) };
  };

  await t.test('loses nothing while one packs and the other imports into the same hours', async () => {
    const plain = ids.flatMap((id) =>
      Array.from({ length: 2 * 24 * 4 }, (_, i) => reading(id, BEGIN + i * 15 * MINUTE)),
    );
    await leader.store.commit(plain.map((each) => [each]));
    await leader.history.roller.roll(NOW);
    const imported = ids.flatMap((id) =>
      Array.from({ length: 2 * 24 * 2 }, (_, i) => reading(id, BEGIN + i * 30 * MINUTE + MINUTE, 7)),
    );
    const packing = leader.history.packer.packDue(NOW);
    // In pieces, so that they come between the turns of the packer.
    const outcomes = [];
    for (let i = 0; i < imported.length; i += 72) {
      outcomes.push(...(await other.history.importer.store(imported.slice(i, i + 72))));
    }
    await packing;
    assert.ok(outcomes.every((outcome) => outcome === 'stored'));
    await leader.history.packer.packDue(NOW);
    await leader.history.roller.settleLate();
    const [left] = await sql<{ plain: number }[]>`select count(*)::int as plain from readings`;
    assert.equal(left?.plain, 0, 'all is packed');
    const all = 2 * 24 * 4 + 2 * 24 * 2;
    for (const node of [leader, other]) {
      for (const id of ids)
        assert.deepEqual(await countOf(node, id), { raw: all, summed: all, ofPoints: all });
    }
  });

  await t.test('shows on each what came on the other, also in a day that was not there before', async () => {
    const [id = 0] = ids;
    const before = await countOf(leader, id);
    await other.store.commit([[reading(id, NOW - HOUR)]]);
    assert.equal((await countOf(leader, id)).raw, before.raw + 1);
  });

  await t.test('is kept by one of them: the other stops between two steps, and takes over', async () => {
    const [id = 0] = ids;
    await other.store.commit([[reading(id, BEGIN + 3 * DAY + HOUR)]]);
    lead.here = false;
    const { rolledBefore } = await leader.history.state.load();
    await leader.history.roller.roll(NOW + DAY);
    assert.equal((await leader.history.state.load()).rolledBefore, rolledBefore);
    await other.history.roller.roll(NOW + DAY);
    assert.ok((await leader.history.state.load()).rolledBefore > rolledBefore);
  });

  await t.test('is made anew by the one that keeps it, whoever is asked', async () => {
    assert.ok((await leader.history.rebuild({ from: BEGIN, to: NOW })) > 0);
    assert.deepEqual([leader.woken.times, other.woken.times], [1, 0]);
  });
});
