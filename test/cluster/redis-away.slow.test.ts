import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, unique } from '../conformance/peer.ts';
import { startMqttNodes } from '../helpers/mqtt-nodes.ts';
import { clusterMissing } from '../helpers/nodes.ts';
import { until } from '../helpers/wait.ts';

void test('Redis goes away and comes back', { skip: clusterMissing() }, async (t) => {
  const { nodes, brokers, redis, client, prefix } = await startMqttNodes(t);
  const metric = async (name: string): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${nodes[0].ports.http}/api/metrics`);
    const line = (await answer.text()).split('\n').find((each) => each.startsWith(name));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  const connects = async (node: 0 | 1, clientId: string) => {
    const peer = await Peer.open(brokers[node]);
    const connack = await peer.connect({ clientId, clean: false });
    return { peer, ...connack };
  };
  /** Until a message that is published at one node comes at the other. */
  const isHealed = async () => {
    const [a, b] = [await Peer.connected(brokers[0]), await Peer.connected(brokers[1])];
    const topic = `healed/${unique()}`;
    await b.subscribe(topic, 0);
    await until('messages go from node to node', async () => {
      await a.published(topic, 'x', { qos: 0 });
      return await Promise.race([
        b.take('publish').then(
          () => true,
          () => false,
        ),
        new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
      ]);
    });
    await Promise.all([a.drop(), b.drop()]);
  };

  await t.test('meanwhile clients of one node go on, and what waited is there afterwards', async () => {
    const [stays, absent] = [unique(), unique()];
    const subscriber = await connects(1, stays);
    await subscriber.peer.subscribe('away/#', 1);
    const away = await connects(0, absent);
    await away.peer.subscribe('away/#', 1);
    await away.peer.disconnect();
    const local = await Peer.connected(brokers[0]);
    await local.subscribe('away/#', 1);
    const publisher = await Peer.connected(brokers[0]);
    await publisher.published('away/retained', 'before', { retain: true });
    for (const peer of [local, subscriber.peer])
      assert.equal(String((await peer.receive()).payload), 'before');

    await redis.stop();
    await until('it is known to be away', async () => (await metric('pm_iot_redis_ready')) === 0);
    await publisher.published('away/a', 'meanwhile');
    assert.equal(String((await local.receive()).payload), 'meanwhile');
    await publisher.published('away/retained', 'after', { retain: true });
    assert.equal(String((await local.receive()).payload), 'after');
    await local.unsubscribe('away/#');
    await local.subscribe('away/retained', 1);
    assert.deepEqual(String((await local.receive()).payload), 'after');
    assert.equal((await connects(0, unique())).returnCode, 3, 'a person’s session cannot be read');
    await until(
      'messages for others are counted',
      async () => (await metric('pm_iot_mqtt_messages_dropped_total{reason="redis_away"}')) > 0,
    );

    await redis.start();
    await isHealed();
    // What was missed is read from the queue.
    const payloads = [await subscriber.peer.receive(), await subscriber.peer.receive()];
    assert.deepEqual(payloads.map(({ payload }) => String(payload)).sort(), ['after', 'meanwhile']);
    const back = await connects(1, absent);
    assert.equal(back.sessionPresent, true);
    const kept = [await back.peer.receive(), await back.peer.receive(), await back.peer.receive()];
    assert.deepEqual(
      kept.map(({ payload }) => String(payload)),
      ['before', 'meanwhile', 'after'],
    );
    const reader = await Peer.connected(brokers[1]);
    await reader.subscribe('away/retained', 1);
    assert.equal(String((await reader.receive()).payload), 'after');
    await Promise.all([subscriber, back].map(({ peer }) => peer.disconnect()));
    await until('all was written', async () => (await metric('pm_iot_redis_waiting_writes')) === 0);
  });

  await t.test('empty: sessions, retained messages and wills are written again', async () => {
    const [connected, absent, willing] = [unique(), unique(), unique()];
    const holder = await connects(1, connected);
    await holder.peer.subscribe('again/#', 1);
    const gone = await connects(0, absent);
    await gone.peer.subscribe('again/#', 1);
    await gone.peer.disconnect();
    const publisher = await Peer.connected(brokers[0], {
      clientId: willing,
      will: { topic: 'again/will', payload: 'dead' },
    });
    await publisher.published('again/retained', 'kept', { retain: true });
    await holder.peer.take('publish'); // and does not confirm it

    await redis.stop('SIGKILL');
    await redis.start('empty');
    await until('they are there', async () => {
      const keys = (await client.keys(`${prefix}*`)).join(' ');
      const [wills, retained] = [
        await client.hlen('wills'),
        await client.hexists('retained', 'again/retained'),
      ];
      return [connected, absent].every((id) => keys.includes(id)) && wills === 1 && retained === 1;
    });
    await isHealed();
    await holder.peer.drop();
    const moved = await connects(0, connected);
    assert.equal(moved.sessionPresent, true);
    const again = await moved.peer.receive();
    assert.deepEqual([String(again.payload), again.dup], ['kept', true]);
    await publisher.published('again/later', 'later');
    const back = await connects(1, absent);
    assert.equal(back.sessionPresent, true);
    assert.equal(String((await back.peer.receive()).payload), 'later');
    await Promise.all([publisher, moved.peer, back.peer].map((peer) => peer.disconnect()));
  });

  await t.test('it hangs, and answers again', async () => {
    const subscriber = await connects(1, unique());
    await subscriber.peer.subscribe('hung/#', 1);
    const publisher = await Peer.connected(brokers[0]);
    redis.freeze();
    await publisher.published('hung/a', 'meanwhile');
    await new Promise((resolve) => setTimeout(resolve, 5000));
    redis.thaw();
    await isHealed();
    assert.equal(String((await subscriber.peer.receive()).payload), 'meanwhile');
    await subscriber.peer.hearsNothing();
    assert.ok(nodes.every(({ alive }) => alive));
  });
});
