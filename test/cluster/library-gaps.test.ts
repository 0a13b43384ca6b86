import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { Aedes, type AedesOptions, type AedesPublishPacket } from 'aedes';
import { Redis } from 'ioredis';
import MQEmitterRedis from 'mqemitter-redis';
import type { EngineClient, Persistence, QueuedPacket } from '../../broker/engine/types.ts';
import { redisMissing, startRedis } from '../helpers/redis.ts';
import { until } from '../helpers/wait.ts';

/**
 * Why sessions do not go through aedes-persistence-redis, and what cluster/bus.ts guards mqemitter-redis against. A test that
 * fails here tells of a version that has mended something.
 */
type Library = new (options: { conn: Redis }) => Persistence;
const Library = createRequire(import.meta.url)('aedes-persistence-redis/asyncPersistence.js') as Library;

const client = (id: string) => ({ id }) as EngineClient;
const subscription = (clientId: string, qos: number) => ({ clientId, topic: 'a/b', qos });
let counter = 0;
const message = (brokerId: string, qos: 1 | 2 = 1): AedesPublishPacket => ({
  ...{ cmd: 'publish', brokerId, brokerCounter: ++counter, topic: 'a/b', payload: Buffer.from('x') },
  ...{ qos, retain: false, dup: false },
});
const all = async (stream: Readable) => {
  const packets: QueuedPacket[] = [];
  for await (const packet of stream) packets.push(packet as QueuedPacket);
  return packets;
};

void test('aedes-persistence-redis 12', { skip: redisMissing() }, async (t) => {
  const server = await startRedis();
  t.after(() => server.dispose());
  const open = async (context: TestContext) => {
    const conn = new Redis(server.url);
    await conn.flushall();
    const persistence = new Library({ conn });
    const broker = await Aedes.createBroker({ persistence } as unknown as AedesOptions);
    context.after(async () => {
      await new Promise<void>((resolve) => broker.close(resolve));
      conn.disconnect();
    });
    return { conn, persistence, id: broker.id };
  };

  await t.test(
    'keeps one packet for all clients: the id that one was sent it under is that of all',
    async (t) => {
      const { persistence, id } = await open(t);
      const packet = message(id);
      await persistence.outgoingEnqueueCombi([subscription('one', 1), subscription('two', 1)], packet);
      await persistence.outgoingUpdate(client('one'), { ...packet, messageId: 77 });
      const [other] = await all(persistence.outgoingStream(client('two')));
      assert.equal(other?.messageId, 77);
    },
  );

  await t.test('… and one QoS for all', async (t) => {
    const { persistence, id } = await open(t);
    await persistence.outgoingEnqueueCombi([subscription('one', 1), subscription('two', 2)], message(id, 2));
    const [lower] = await all(persistence.outgoingStream(client('one')));
    assert.equal(lower?.qos, 2);
  });

  await t.test('leaves the packets of a session that is discarded', async (t) => {
    const { conn, persistence, id } = await open(t);
    await persistence.addSubscriptions(client('one'), [{ topic: 'a/b', qos: 1 }]);
    for (let i = 0; i < 100; i++) {
      await persistence.outgoingEnqueueCombi([subscription('one', 1)], message(id));
    }
    await persistence.cleanSubscriptions(client('one'));
    assert.ok((await conn.keys('packet:*')).length >= 100);
  });

  await t.test('knows no bound, delivers no more than 1,001, and nothing ever expires', async (t) => {
    const { conn, persistence, id } = await open(t);
    for (let i = 0; i < 1100; i++) {
      await persistence.outgoingEnqueueCombi([subscription('one', 1)], message(id));
    }
    assert.equal(await conn.llen('outgoing:one'), 1100);
    assert.equal((await all(persistence.outgoingStream(client('one')))).length, 1001);
    for (const key of (await conn.keys('*')).slice(0, 20)) assert.equal(await conn.ttl(key), -1);
  });

  await t.test(
    'does not know at another node what was sent under an id: it cannot be confirmed there',
    async (t) => {
      const { conn, persistence, id } = await open(t);
      const packet = message(id);
      await persistence.outgoingEnqueueCombi([subscription('one', 1)], packet);
      await persistence.outgoingUpdate(client('one'), { ...packet, messageId: 5 });
      const elsewhere = new Library({ conn });
      await elsewhere.outgoingClearMessageId(client('one'), { ...packet, messageId: 5 });
      assert.equal(await conn.llen('outgoing:one'), 1);
    },
  );

  await t.test('knows no session without a subscription', async (t) => {
    const { conn, persistence } = await open(t);
    assert.deepEqual(await persistence.subscriptionsByClient(client('one')), []);
    assert.deepEqual(await conn.keys('client*'), []);
  });
});

void test('mqemitter-redis 7', { skip: redisMissing() }, async (t) => {
  const server = await startRedis();
  t.after(() => server.dispose());
  const open = (context: TestContext) => {
    const options = { enableReadyCheck: false, retryStrategy: () => 50 };
    const [pubConn, subConn] = [new Redis(server.url, options), new Redis(server.url, options)];
    const mq = MQEmitterRedis({ pubConn, subConn });
    (mq as unknown as { state: NodeJS.EventEmitter }).state.on('error', () => {});
    context.after(() => {
      pubConn.disconnect();
      subConn.disconnect();
    });
    const heard: string[] = [];
    const listen = (topic: string) =>
      new Promise<void>((resolve) => {
        const hear = ({ topic: on }: { topic: string }, done: () => void) => {
          heard.push(`${topic} ${on}`);
          done();
        };
        mq.on(topic, hear, resolve);
      });
    return { mq, pubConn, subConn, heard, listen };
  };
  const emit = (mq: ReturnType<typeof MQEmitterRedis>, topic: string) =>
    new Promise<void>((resolve) => mq.emit({ topic }, () => resolve()));

  await t.test('throws in an event of its connection at what it cannot read', async (t) => {
    const { subConn, listen } = open(t);
    await listen('a');
    for (const bytes of [Buffer.from([0xc1]), Buffer.from('text')]) {
      assert.throws(() => subConn.emit('messageBuffer', Buffer.from('a'), bytes));
    }
  });

  await t.test('a listener of the literal fleet/* is in the way of one of fleet/+', async (t) => {
    const { mq, heard, listen } = open(t);
    await listen('fleet/*');
    await listen('fleet/+');
    await listen('last');
    await emit(mq, 'fleet/1');
    await emit(mq, 'last');
    await until('the later message comes', () => heard.includes('last last'));
    assert.deepEqual(heard, ['last last']);
  });
});
