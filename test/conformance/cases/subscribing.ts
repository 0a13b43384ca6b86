import assert from 'node:assert/strict';
import { type Case, type Cases, cases } from '../case.ts';
import { Peer, unique } from '../peer.ts';

export const subscribing: Case[] = cases([
  [
    'MQTT-3.8.4-3',
    'a filter that is given up and asked for again at once is subscribed, and can be given up',
    async (b) => {
      const topic = unique();
      const peer = await Peer.connected(b);
      await peer.subscribe(topic);
      peer.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [topic] });
      assert.equal(await peer.subscribe(topic), 0);
      const writer = await Peer.connected(b);
      await writer.published(topic, '1');
      await peer.take('publish');
      await peer.take('unsuback');
      await peer.unsubscribe(topic);
      await writer.published(topic, '2');
      await peer.hearsNothing();
    },
  ],
  [
    'MQTT-3.8.4-2',
    'a SUBACK has the id of its SUBSCRIBE',
    async (b) => {
      const peer = await Peer.connected(b);
      for (const messageId of [1, 256, 65_535]) {
        peer.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic: unique(), qos: 0 }] });
        assert.equal((await peer.take('suback')).messageId, messageId);
      }
    },
  ],
  [
    'MQTT-3.9.3-1',
    'a SUBACK has a code for each filter, in their order',
    async (b) => {
      const peer = await Peer.connected(b);
      const subscriptions = ([2, 0, 1] as const).map((qos) => ({ topic: unique(), qos }));
      peer.send({ cmd: 'subscribe', messageId: 1, subscriptions });
      assert.deepEqual((await peer.take('suback')).granted, [2, 0, 1]);
    },
  ],
  [
    'MQTT-3.8.4-4',
    'each filter of a SUBSCRIBE counts',
    async (b) => {
      const peer = await Peer.connected(b);
      const topics = [unique(), unique(), unique()];
      peer.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: topics.map((topic) => ({ topic, qos: 0 })),
      });
      await peer.take('suback');
      const writer = await Peer.connected(b);
      for (const topic of topics) await writer.published(topic, 'x');
      assert.deepEqual(
        (await peer.takeMany(3)).map(({ topic }) => topic),
        topics,
      );
    },
  ],
  [
    'MQTT-3.8.4-4',
    'the same filter twice in a SUBSCRIBE: two codes, one subscription',
    async (b) => {
      const peer = await Peer.connected(b);
      const topic = unique();
      peer.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic, qos: 1 },
          { topic, qos: 0 },
        ],
      });
      assert.deepEqual((await peer.take('suback')).granted, [1, 0]);
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x');
      assert.equal((await peer.take('publish')).qos, 0);
      await peer.hearsNothing();
    },
  ],
  [
    'MQTT-3.8.4-3',
    'the same filter again takes the place of the old one',
    async (b) => {
      const peer = await Peer.connected(b);
      const topic = unique();
      await peer.subscribe(topic, 0);
      await peer.subscribe(topic, 1);
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x');
      assert.equal((await peer.receive()).qos, 1);
      await peer.hearsNothing();
    },
  ],
  [
    'MQTT-3.8.4-3',
    'the same filter again is given what is retained again',
    async (b) => {
      const topic = unique();
      const writer = await Peer.connected(b);
      await writer.published(topic, 'kept', { retain: true });
      const peer = await Peer.connected(b);
      for (let i = 0; i < 2; i++) {
        await peer.subscribe(topic);
        assert.equal((await peer.take('publish')).retain, true);
      }
      await writer.published(topic, '', { retain: true });
    },
  ],
  ...([0, 1, 2] as const).flatMap((granted) =>
    ([0, 1, 2] as const).map((qos): Cases[number] => [
      'MQTT-3.8.4-6',
      `QoS ${qos} to a subscription of QoS ${granted} goes out with ${Math.min(qos, granted)}`,
      async (b) => {
        const root = unique();
        for (const filter of [root, `${root}/#`]) {
          const reader = await Peer.connected(b);
          assert.equal(await reader.subscribe(filter, granted), granted);
          const writer = await Peer.connected(b);
          await writer.published(root, 'x', { qos });
          assert.equal((await reader.receive()).qos, Math.min(qos, granted), filter);
        }
      },
    ]),
  ),
  [
    'MQTT-3.3.5-1',
    'overlapping filters deliver at the highest of their QoS',
    async (b) => {
      const root = unique();
      const reader = await Peer.connected(b);
      await reader.subscribe(`${root}/#`, 2);
      await reader.subscribe(`${root}/+`, 1);
      await reader.subscribe(`${root}/a`, 0);
      const writer = await Peer.connected(b);
      await writer.published(`${root}/a`, 'x', { qos: 2 });
      // One copy at QoS 2, or one for each filter at the QoS of that filter.
      const first = await reader.receive();
      if (first.qos === 2) return reader.ping();
      const rest = [await reader.receive(), await reader.receive()];
      assert.ok([first, ...rest].some(({ qos }) => qos === 2));
    },
  ],
  [
    'MQTT-3.10.4-4',
    'an UNSUBACK has the id of its UNSUBSCRIBE',
    async (b) => {
      const peer = await Peer.connected(b);
      const topic = unique();
      await peer.subscribe(topic);
      for (const messageId of [1, 256, 65_535]) {
        peer.send({ cmd: 'unsubscribe', messageId, unsubscriptions: [topic] });
        assert.equal((await peer.take('unsuback')).messageId, messageId);
      }
    },
  ],
  [
    'MQTT-3.10.4-5',
    'an UNSUBSCRIBE of what was not subscribed is answered',
    async (b) => (await Peer.connected(b)).unsubscribe(unique()),
  ],
  [
    'MQTT-3.10.4-1',
    'an UNSUBSCRIBE takes the very filter away, and no other',
    async (b) => {
      const root = unique();
      const reader = await Peer.connected(b);
      await reader.subscribe(`${root}/+`);
      await reader.subscribe(`${root}/a`);
      await reader.unsubscribe(`${root}/#`);
      const writer = await Peer.connected(b);
      await writer.published(`${root}/b`, '1');
      await reader.take('publish');
      await reader.unsubscribe(`${root}/+`);
      await writer.published(`${root}/b`, '2');
      await reader.hearsNothing();
      await writer.published(`${root}/a`, '3');
      assert.equal((await reader.take('publish')).payload.toString(), '3');
    },
  ],
  [
    'MQTT-3.10.4-2',
    'nothing new comes after an UNSUBSCRIBE',
    async (b) => {
      const topic = unique();
      const reader = await Peer.connected(b);
      await reader.subscribe(topic, 1);
      await reader.unsubscribe(topic);
      await (await Peer.connected(b)).published(topic, 'x');
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-3.10.4-3',
    'what is under way when an UNSUBSCRIBE comes is delivered to its end',
    async (b) => {
      const topic = unique();
      const reader = await Peer.connected(b);
      await reader.subscribe(topic, 2);
      await (await Peer.connected(b)).published(topic, 'x', { qos: 2 });
      const under = await reader.take('publish');
      await reader.unsubscribe(topic);
      await reader.confirm(under);
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-3.10.4-6',
    'each filter of an UNSUBSCRIBE counts, with one answer',
    async (b) => {
      const topics = [unique(), unique()];
      const reader = await Peer.connected(b);
      for (const topic of topics) await reader.subscribe(topic);
      reader.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: topics });
      await reader.take('unsuback');
      const writer = await Peer.connected(b);
      for (const topic of topics) await writer.published(topic, 'x');
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-3.3.5-1',
    'who publishes is sent its own message where it subscribed',
    async (b) => {
      const topic = unique();
      const peer = await Peer.connected(b);
      await peer.subscribe(topic);
      await peer.published(topic, 'x');
      await peer.take('publish');
    },
  ],
]);
