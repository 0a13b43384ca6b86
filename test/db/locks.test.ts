import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../db/client.ts';
import { createLeader } from '../../db/cluster/leader.ts';
import { createLocks, LocksLostError } from '../../db/cluster/locks.ts';
import { DatabaseInUseError, takeUse } from '../../db/cluster/one-use.ts';
import { createSharedTurns } from '../../db/cluster/turns.ts';
import { writeInTurn } from '../../db/history/hours.ts';
import { silent } from '../helpers/database.ts';
import { openDatabase, type TestDatabase } from '../helpers/open-database.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { until } from '../helpers/wait.ts';

const skip = postgresMissing();

/** What a node holds in the database. `silenceLimit`: milliseconds. */
async function openNode(t: TestContext, { target }: TestDatabase, silenceLimit = 10_000) {
  const fatal: Error[] = [];
  const locks = createLocks({
    connect: (onClose) => connect(target, silent, 1, { onClose, silenceLimit }),
    log: silent,
    onFatal: (error) => fatal.push(error),
  });
  const { sql, close } = connect(target, silent, 3);
  t.after(async () => {
    await locks.stop();
    await close();
  });
  await locks.start();
  const leader = createLeader({ locks, log: silent, tryEveryMs: 50 });
  t.after(() => leader.resign());
  return { locks, leader, sql, fatal, turns: createSharedTurns({ locks, sql }) };
}

const pidOf = ({ locks }: Awaited<ReturnType<typeof openNode>>) => locks.session?.pid ?? 0;

void test('a post', { skip }, async (t) => {
  const database = await openDatabase(t, 'postgres');
  const kill = (pid: number) => database.sql`select pg_terminate_backend(${String(pid)}::text::int)`;
  const [a, b] = [await openNode(t, database), await openNode(t, database)];
  const taken: string[] = [];
  for (const [name, { leader }] of Object.entries({ a, b })) {
    leader.onTaken('upkeep', () => taken.push(name));
    leader.stand('upkeep');
  }
  a.leader.start();
  await until('it leads', () => a.leader.holds('upkeep'));
  b.leader.start();
  b.leader.stand('disk');

  await t.test('is held by one at a time, and each post for itself', async () => {
    await until('the other post is taken', () => b.leader.holds('disk'));
    assert.deepEqual([b.leader.holds('upkeep'), a.leader.holds('disk')], [false, false]);
  });

  await t.test('is lost with the connection, by both sides’ word, and goes to another', async () => {
    await kill(pidOf(a));
    await until('it knows', () => !a.leader.holds('upkeep'));
    await until('one of them leads', () => a.leader.holds('upkeep') !== b.leader.holds('upkeep'));
    assert.deepEqual(a.fatal, []);
  });

  await t.test('is given up by whoever resigns', async () => {
    const [first, second] = a.leader.holds('upkeep') ? [a, b] : [b, a];
    await first.leader.resign();
    assert.equal(first.leader.holds('upkeep'), false);
    await until('the other leads', () => second.leader.holds('upkeep'));
    assert.deepEqual(taken.at(-1), second === a ? 'a' : 'b');
  });
});

void test('a session of whoever hangs is ended by the server', { skip }, async (t) => {
  const database = await openDatabase(t, 'postgres');
  const { sql, close } = connect(database.target, silent, 1, { onClose: () => {}, silenceLimit: 200 });
  t.after(close);
  const [first] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  await until('it is gone', async () => {
    const rows =
      await database.sql`select 1 from pg_stat_activity where pid = ${String(first?.pid)}::text::int`;
    return rows.length === 0;
  });
});

void test('turns over nodes', { skip }, async (t) => {
  const database = await openDatabase(t, 'postgres');
  const nodes = [await openNode(t, database), await openNode(t, database), await openNode(t, database)];

  await t.test('are taken by one at a time, and nobody waits for ever', async () => {
    let running = 0;
    const order: number[] = [];
    const work = (index: number) => async () => {
      assert.equal(++running, 1);
      await sleep(2);
      order.push(index);
      running--;
    };
    // One comes back again and again, as a packer does for each hour.
    const many = Array.from({ length: 100 }, () => nodes[0]?.turns.run(work(0)));
    await until('it has begun', () => order.length > 0);
    await nodes[1]?.turns.run(work(1));
    assert.ok(order.length < 90, `waited for ${order.length} others`);
    await Promise.all([...many, nodes[2]?.turns.run(work(2))]);
  });

  await t.test('what a task throws is thrown, and the next one has its turn', async () => {
    const failed = nodes[0]?.turns.run(() => Promise.reject(new Error('full')));
    await assert.rejects(failed ?? Promise.resolve(), /full/);
    assert.equal(await nodes[1]?.turns.run(async () => 'next'), 'next');
  });

  await t.test('whoever has lost its turn writes nothing any more', async () => {
    const [a, b] = nodes;
    assert.ok(a && b);
    await database.sql`create table written (by text)`;
    const write = (node: typeof a, by: string) =>
      writeInTurn(node.sql, node.turns, async (tx) => {
        await tx.unsafe(`insert into written values ('${by}')`);
      });
    await assert.rejects(
      a.turns.run(async () => {
        await database.sql`select pg_terminate_backend(${String(pidOf(a))}::text::int)`;
        await b.turns.run(() => write(b, 'b'));
        await write(a, 'a');
      }),
      LocksLostError,
    );
    assert.deepEqual([...(await database.sql`select by from written`)], [{ by: 'b' }]);
    await a.turns.run(() => write(a, 'a again'));
  });
});

void test('the use of a database', { skip }, async (t) => {
  const database = await openDatabase(t, 'postgres');
  const [a, b] = [await openNode(t, database), await openNode(t, database)];
  const take = ({ locks }: typeof a, how: 'alone' | 'shared', waitMs = 100) => {
    assert.ok(locks.session);
    return takeUse(locks.session, how, silent, waitMs);
  };
  await take(a, 'alone');
  await assert.rejects(take(b, 'shared'), DatabaseInUseError);
  await assert.rejects(take(b, 'alone'), /set REDIS_URL on all of them, or stop it/);
  await a.locks.session?.give('use');
  await take(a, 'shared');
  await take(b, 'shared');
  const c = await openNode(t, database);
  await assert.rejects(take(c, 'alone'), DatabaseInUseError);
  // Whoever ends without a word lets go all the same.
  const late = take(c, 'alone', 10_000);
  for (const node of [a, b]) {
    await database.sql`select pg_terminate_backend(${String(pidOf(node))}::text::int)`;
  }
  await late;
});
