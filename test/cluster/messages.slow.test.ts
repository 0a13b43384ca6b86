import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer, unique } from '../conformance/peer.ts';
import { startMqttNodes } from '../helpers/mqtt-nodes.ts';
import { clusterMissing } from '../helpers/nodes.ts';

void test('messages of one node reach clients of another', { skip: clusterMissing() }, async (t) => {
  const { brokers, client, nodes, prefix } = await startMqttNodes(t);

  await t.test(
    'at every QoS, through exact and wildcard filters, as soon as the SUBACK has come',
    async () => {
      const publisher = await Peer.connected(brokers[0]);
      for (const qos of [0, 1, 2] as const) {
        for (const filter of [`exact/${qos}`, `+/${qos}`, `wild/#`]) {
          const subscriber = await Peer.connected(brokers[1]);
          assert.equal(await subscriber.subscribe(filter, qos), qos);
          const topic = filter.replace('+', 'plus').replace('#', `${qos}/deep`);
          await publisher.published(topic, `at ${qos}`, { qos });
          const message = await subscriber.receive();
          assert.deepEqual([message.topic, String(message.payload), message.qos], [topic, `at ${qos}`, qos]);
          await subscriber.disconnect();
        }
      }
      await publisher.disconnect();
    },
  );

  await t.test('in their order, each once, from the nodes of both', async () => {
    const subscriber = await Peer.connected(brokers[1], { clientId: unique(), clean: false });
    await subscriber.subscribe('order/#', 1);
    const publisher = await Peer.connected(brokers[0]);
    const count = 300;
    for (let i = 1; i <= count; i++) publisher.publish('order/a', String(i), { qos: 1, messageId: i });
    const payloads: string[] = [];
    for (let i = 0; i < count; i++) payloads.push(String((await subscriber.receive()).payload));
    assert.deepEqual(
      payloads,
      Array.from({ length: count }, (_, i) => String(i + 1)),
    );
    await subscriber.hearsNothing();
    await publisher.disconnect();
    await subscriber.disconnect();
  });

  await t.test(
    'what is retained at one node is there at the other with the next SUBSCRIBE, and gone when it is taken away',
    async () => {
      const [a, b] = [await Peer.connected(brokers[0]), await Peer.connected(brokers[1])];
      await a.published('kept/x', 'one', { retain: true });
      await b.subscribe('kept/+', 1);
      const message = await b.receive();
      assert.deepEqual([String(message.payload), message.retain], ['one', true]);
      await b.published('kept/x', '', { retain: true });
      await b.receive();
      await a.subscribe('kept/#', 1);
      await a.hearsNothing();
      await Promise.all([a.disconnect(), b.disconnect()]);
    },
  );

  await t.test('a SUBSCRIBE of two filters in a kept session gets its SUBACK', async () => {
    const peer = await Peer.connected(brokers[0], { clean: false, clientId: unique() });
    peer.send({
      cmd: 'subscribe',
      messageId: 5,
      subscriptions: [
        { topic: 'two/a', qos: 1 },
        { topic: 'two/b', qos: 2 },
      ],
    });
    assert.deepEqual((await peer.take('suback')).granted, [1, 2]);
    await peer.disconnect();
  });

  await t.test('what is no message of theirs ends no node', async () => {
    const channel = `${prefix}nodes`;
    for (const bytes of [
      '',
      'no msgpack',
      Buffer.from([0xc1]),
      Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
    ]) {
      await client.publish(channel, bytes);
    }
    const peer = await Peer.connected(brokers[0]);
    await peer.ping();
    await peer.disconnect();
    assert.ok(nodes.every(({ alive }) => alive));
  });
});
