import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, unique } from '../conformance/peer.ts';
import { brokerOf, startMqttNodes } from '../helpers/mqtt-nodes.ts';
import { clusterMissing } from '../helpers/nodes.ts';
import { until } from '../helpers/wait.ts';

void test('wills of a node that died are published once', { skip: clusterMissing() }, async (t) => {
  const { nodes, brokers, client } = await startMqttNodes(t, 3);
  const [, second, third] = nodes;
  const dying = brokerOf(second);
  const wills = () => client.hlen('wills');
  const left = async (broker = dying) => {
    const clientId = unique();
    const will = { topic: `will/${clientId}`, payload: 'dead', qos: 1 as const };
    return { clientId, topic: will.topic, peer: await Peer.connected(broker, { clientId, will }) };
  };
  const subscribers = await Promise.all(
    [brokers[0], brokerOf(third ?? second)].map(async (broker) => {
      const peer = await Peer.connected(broker);
      await peer.subscribe('will/#', 1);
      return peer;
    }),
  );

  await t.test('nothing is left of one whose client has said goodbye, or has ended', async () => {
    const [gone, dropped] = [await left(), await left()];
    await until('both are kept', async () => (await wills()) === 2);
    await gone.peer.disconnect();
    await dropped.peer.drop();
    for (const subscriber of subscribers) assert.equal((await subscriber.receive()).topic, dropped.topic);
    await until('none is kept', async () => (await wills()) === 0);
    for (const subscriber of subscribers) await subscriber.hearsNothing();
  });

  await t.test('each once, and none of a client that is at another node by then', async () => {
    const dead = [await left(), await left()];
    const moved = await left();
    await until('all are kept', async () => (await wills()) === 3);
    await second.stop('SIGKILL');
    // It comes again without one.
    const again = await Peer.connected(brokers[0], { clientId: moved.clientId });
    for (const subscriber of subscribers) {
      const topics: string[] = [];
      while (topics.length < 2) {
        const packet = await until('a will comes', () => subscriber.take('publish').catch(() => null));
        await subscriber.confirm(packet);
        topics.push(packet.topic);
      }
      assert.deepEqual(topics.sort(), dead.map(({ topic }) => topic).sort());
    }
    await until('none is kept', async () => (await wills()) === 0);
    for (const subscriber of subscribers) await subscriber.hearsNothing();
    await again.disconnect();
  });

  await t.test('none of a node that stops in order', async () => {
    const node = third ?? second;
    const { peer } = await left(brokerOf(node));
    await until('it is kept', async () => (await wills()) === 1);
    await node.stop();
    await peer.ended;
    assert.equal(await wills(), 0);
    await subscribers[0]?.hearsNothing();
  });
});
