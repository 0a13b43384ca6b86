import assert from 'node:assert/strict';
import { type Case, cases } from '../case.ts';
import { type Broker, Peer, unique } from '../peer.ts';
import { heard, pair } from './common.ts';

/** What a new subscription is given. */
async function retained(broker: Broker, topic: string) {
  const peer = await Peer.connected(broker);
  await peer.subscribe(topic, 2);
  return peer;
}

export const retainedMessages: Case[] = cases([
  [
    'MQTT-3.3.1-5',
    'a retained message is kept, with its QoS',
    async (b) => {
      const { writer, topic } = await pair(b, 0);
      await writer.published(topic, 'x', { retain: true, qos: 1 });
      const { retain, qos, payload } = await (await retained(b, topic)).take('publish');
      assert.deepEqual([retain, qos, payload.toString()], [true, 1, 'x']);
      await writer.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.3.1-5',
    'the last retained message is kept, and no other',
    async (b) => {
      const { writer, topic } = await pair(b, 0);
      await writer.published(topic, '1', { retain: true });
      await writer.published(topic, '2', { retain: true });
      const later = await retained(b, topic);
      assert.equal(heard(await later.receive()), '2');
      await later.hearsNothing();
      await writer.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.3.1-6',
    'a filter with wildcards is given all that are retained under it',
    async (b) => {
      const writer = await Peer.connected(b);
      const root = unique();
      const topics = ['a', 'b', 'a/c'].map((level) => `${root}/${level}`);
      for (const topic of topics) await writer.published(topic, 'x', { retain: true });
      const later = await retained(b, `${root}/#`);
      assert.deepEqual((await later.takeMany(3)).map(({ topic }) => topic).sort(), [...topics].sort());
      for (const topic of topics) await writer.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.3.1-7',
    'a retained QoS 0 message takes the place of what was there',
    async (b) => {
      const { writer, topic } = await pair(b, 0);
      await writer.published(topic, '1', { retain: true });
      await writer.published(topic, '2', { retain: true, qos: 0 });
      const later = await retained(b, topic);
      await later.ping();
      // The server may keep it or not; the old one is gone.
      const given = await later.take('publish').then(heard, () => 'none');
      assert.notEqual(given, '1');
      await writer.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.3.1-8',
    'a new subscription is given it with RETAIN 1',
    async (b) => {
      const { writer, topic } = await pair(b, 0);
      await writer.published(topic, 'x', { retain: true });
      assert.equal((await (await retained(b, topic)).take('publish')).retain, true);
      await writer.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.8.4-6',
    'what is retained goes out at no more than the QoS that was granted',
    async (b) => {
      const { writer, topic } = await pair(b, 0);
      await writer.published(topic, 'x', { retain: true, qos: 2 });
      for (const [filter, granted] of [
        [topic, 0],
        [`${topic}/#`, 1],
      ] as const) {
        const later = await Peer.connected(b);
        await later.subscribe(filter, granted);
        assert.equal((await later.receive()).qos, granted);
      }
      await writer.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.3.1-9',
    'a subscription that stands is given it with RETAIN 0',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 0);
      await writer.published(topic, 'x', { retain: true });
      assert.equal((await reader.take('publish')).retain, false);
      await writer.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.3.1-10',
    'an empty retained message is delivered, and takes what was kept away',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 0);
      await writer.published(topic, 'x', { retain: true });
      await writer.published(topic, '', { retain: true });
      assert.deepEqual((await reader.takeMany(2)).map(heard), ['x', '']);
      await (await retained(b, topic)).hearsNothing();
    },
  ],
  [
    'MQTT-3.3.1-11',
    'an empty retained message is not kept itself',
    async (b) => {
      const { writer, topic } = await pair(b, 0);
      await writer.published(topic, '', { retain: true });
      await (await retained(b, topic)).hearsNothing();
    },
  ],
  [
    'MQTT-3.3.1-12',
    'a message without RETAIN leaves what was kept',
    async (b) => {
      const { writer, topic } = await pair(b, 0);
      await writer.published(topic, 'kept', { retain: true });
      await writer.published(topic, 'passing');
      await writer.published(topic, '');
      assert.equal(heard(await (await retained(b, topic)).take('publish')), 'kept');
      await writer.published(topic, '', { retain: true });
    },
  ],
]);
