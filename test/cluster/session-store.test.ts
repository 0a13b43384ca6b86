import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Registry } from 'prom-client';
import { connectRedis } from '../../cluster/redis.ts';
import { createSessionStore } from '../../cluster/session-store.ts';
import { WriteBehind } from '../../cluster/write-behind.ts';
import type { KeptMessage, StoreReturn } from '../../db/domain/broker-store.ts';
import type { RedisTarget } from '../../db/domain/redis-target.ts';
import { createQueueMeter } from '../../db/metrics/queues.ts';
import { type RedisServer, redisMissing, startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/wait.ts';

const quiet = () => {};
const log = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet } as never;

async function open(t: TestContext, server: RedisServer, nodeId: string, maxWaiting?: number) {
  const target: RedisTarget = {
    ...{ kind: 'single', hosts: [{ host: '127.0.0.1', port: server.port }], group: null, db: 0 },
    ...{ username: null, password: null, tls: false },
  };
  const redis = connectRedis(target, log);
  await until('Redis is there', () => redis.status === 'ready');
  const registry = new Registry();
  const store = createSessionStore({
    ...{ redis, nodeId, registry, log, expirySeconds: 600, queues: createQueueMeter(registry) },
    ...(maxWaiting !== undefined && { maxWaiting }),
  });
  await store.start();
  t.after(async () => {
    await store.stop(100);
    redis.disconnect();
  });
  return { redis, store, registry };
}

let counter = 0;
const message = (payload = 'x', more: Partial<KeptMessage> = {}): KeptMessage => ({
  ...{ brokerId: 'broker', brokerCounter: ++counter, stamp: counter, messageId: null },
  content: { topic: 'a/b', payload: Buffer.from(payload), qos: 1 },
  ...more,
});

void test('sessions in Redis', { skip: redisMissing() }, async (t) => {
  const server = await startRedis();
  t.after(() => server.dispose());

  await t.test('are read as they were written, whatever their ids and filters are made of', async (t) => {
    const { store } = await open(t, server, 'aaaa');
    const ids = ['u1/}{*?[]\\', 'u1/ü:{a}', 'lamp', 'u1/', 'u1/constructor'];
    for (const id of ids) {
      store.createSession(id);
      store.addFilters(id, [
        ['__proto__/*', 1],
        [id, 2],
        ['gone', 0],
      ]);
      store.removeFilters(id, ['gone']);
      const [one, two] = [message('1\n2'), message('zwei')];
      for (const each of [two, one]) store.enqueue(id, each, { count: 9, bytes: 9999 });
      store.changeMessage(id, { ...one, messageId: 7 });
      store.changeMessage(id, { ...two, messageId: 8, content: null });
      store.addReceived(id, 3);
      await store.settled();
      assert.deepEqual(await store.readSession(id), {
        filters: new Map([
          ['__proto__/*', 1],
          [id, 2],
        ]),
        queue: [
          { ...one, messageId: 7 },
          { ...two, messageId: 8, content: null },
        ],
        received: [3],
        at: 'aaaa',
      });
    }
    assert.deepEqual(
      [...(await store.readPeople()).keys()].sort(),
      ids.filter((id) => id.includes('/')).sort(),
    );
    for (const id of ids) store.dropSession(id);
    await store.settled();
    assert.equal(await store.readSession('lamp'), null);
    assert.equal((await store.readPeople()).size, 0);
  });

  await t.test(
    'hold no more than they may, in number and bytes; without a session nothing is kept',
    async (t) => {
      const { store, redis } = await open(t, server, 'aaaa');
      const refused: string[] = [];
      store.createSession('u1/full');
      const [first, ...more] = [message(), message(), message()];
      assert.ok(first);
      for (const each of [first, ...more]) {
        store.enqueue('u1/full', each, { count: 2, bytes: 999 }, (why) => refused.push(why));
      }
      // Written again, as after an answer that was lost.
      store.enqueue('u1/full', first, { count: 2, bytes: 999 }, (why) => refused.push(why));
      store.createSession('u1/big');
      store.enqueue('u1/big', message('x'.repeat(100)), { count: 9, bytes: 150 }, (why) => refused.push(why));
      store.enqueue('u1/big', message('x'.repeat(100)), { count: 9, bytes: 150 }, (why) => refused.push(why));
      store.enqueue('u1/none', message(), { count: 9, bytes: 999 }, (why) => refused.push(why));
      store.changeMessage('u1/none', message('x', { messageId: 5 }));
      store.addReceived('u1/none', 5);
      await store.settled();
      assert.deepEqual(refused, ['full', 'full', 'gone']);
      assert.equal((await store.readSession('u1/full'))?.queue.length, 2);
      assert.deepEqual(
        (await redis.keys('*')).filter((key) => key.includes('none')),
        [],
      );
      for (const id of ['u1/full', 'u1/big']) store.dropSession(id);
      await store.settled();
    },
  );

  await t.test('who has left a session leaves one alone that another node holds by then', async (t) => {
    const [a, b] = [await open(t, server, 'aaaa'), await open(t, server, 'bbbb')];
    a.store.createSession('u1/x');
    await a.store.settled();
    b.store.holdSession('u1/x');
    await b.store.settled();
    a.store.releaseSession('u1/x', 0);
    await a.store.settled();
    assert.equal(await a.store.whereIs('u1/x'), 'bbbb');
    let wasAt = '';
    a.store.dropSession('u1/x', (node) => {
      wasAt = node;
    });
    await a.store.settled();
    assert.equal(wasAt, 'bbbb');
  });

  await t.test('a will is taken by one node, and not once there is a newer one', async (t) => {
    const [a, b] = [await open(t, server, 'aaaa'), await open(t, server, 'bbbb')];
    const will = {
      clientId: 'lamp',
      topic: 'w',
      payload: Buffer.from('dead'),
      qos: 1 as const,
      retain: false,
    };
    a.store.writeWill(will);
    await a.store.settled();
    const [read] = await b.store.readWills();
    assert.ok(read);
    assert.deepEqual(read, { ...will, nodeId: 'aaaa', raw: read.raw });
    const taken = await Promise.all([a.store.takeWill(read), b.store.takeWill(read), b.store.takeWill(read)]);
    assert.equal(taken.filter(Boolean).length, 1);
    a.store.writeWill(will);
    await a.store.settled();
    b.store.writeWill(will);
    b.store.writeWill({ ...will, topic: 'other' }, 'unless-there-is-one');
    await b.store.settled();
    assert.equal(await b.store.takeWill(read), false);
    a.store.removeWill('lamp', true);
    await a.store.settled();
    assert.deepEqual(
      (await a.store.readWills()).map(({ nodeId, topic }) => [nodeId, topic]),
      [['bbbb', 'w']],
    );
    a.store.removeWill('lamp', false);
    await a.store.settled();
    assert.deepEqual(await a.store.readWills(), []);
  });

  await t.test(
    'of two changes of a retained message the later one holds, whichever is written last',
    async (t) => {
      const { store } = await open(t, server, 'aaaa');
      const retained = (payload: string, stamp: number) => ({
        topic: '__proto__',
        payload: Buffer.from(payload),
        qos: 1 as const,
        stamp,
      });
      store.writeRetained(retained('later', 1_764_000_000_000_002));
      store.writeRetained(retained('earlier', 1_764_000_000_000_001));
      store.writeRetained(retained('', 1_764_000_000_000_001));
      await store.settled();
      assert.deepEqual(await store.readRetained(), [retained('later', 1_764_000_000_000_002)]);
      store.writeRetained(retained('', 1_764_000_000_000_003));
      await store.settled();
      assert.deepEqual(await store.readRetained(), []);
    },
  );

  await t.test(
    'what is written while Redis is away waits in its order, within a bound, and the rest is counted',
    async (t) => {
      const { store, registry, redis } = await open(t, server, 'aaaa', 50);
      const returns: StoreReturn[] = [];
      store.onReturn((how) => returns.push(how));
      store.createSession('u1/x');
      await store.settled();
      await server.stop();
      await until('it is away', () => redis.status !== 'ready');
      for (let i = 0; i < 10; i++) store.enqueue('u1/x', message(String(i)), { count: 99, bytes: 99_999 });
      await assert.rejects(store.readSession('u1/x'));
      await server.start();
      await store.settled();
      const payloads = (await store.readSession('u1/x'))?.queue.map(({ content }) =>
        String(content?.payload),
      );
      assert.deepEqual(
        payloads,
        Array.from({ length: 10 }, (_, i) => String(i)),
      );
      await until('it is told', () => returns.length === 1);

      await server.stop();
      await until('it is away', () => redis.status !== 'ready');
      for (let i = 0; i < 200; i++) store.addFilters('u1/x', [[`f/${i}`, 1]]);
      await server.start();
      await until('it is told', () => returns.length === 2);
      const filters = (await store.readSession('u1/x'))?.filters ?? new Map();
      assert.ok(filters.has('f/199') && !filters.has('f/0') && filters.size <= 50, `${filters.size}`);
      assert.match(
        await registry.metrics(),
        new RegExp(`pm_iot_redis_writes_dropped_total ${200 - filters.size}\\b`),
      );

      await server.stop('SIGKILL');
      await server.start('empty');
      await until('it is told', () => returns.length === 3);
      assert.deepEqual(returns, ['same', 'unsure', 'emptied']);
    },
  );
});

void test('that Redis refuses what is to be written is told once, not for each write', {
  skip: redisMissing(),
}, async (t) => {
  const server = await startRedis();
  t.after(() => server.dispose());
  const { redis } = await open(t, server, 'full');
  let told = 0;
  let dropped = 0;
  const behind = new WriteBehind({
    redis,
    log: { error: () => told++ } as never,
    onDropped: (count) => {
      dropped += count;
    },
  });
  await redis.config('SET', 'maxmemory', '1');
  for (let i = 0; i < 1000; i++) behind.add(['SET', `key ${i}`, 'value']);
  await behind.settled();
  behind.stop();
  assert.deepEqual([told, dropped], [1, 1000]);
});
