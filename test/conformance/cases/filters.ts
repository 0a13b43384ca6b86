import assert from 'node:assert/strict';
import { packet, TYPE, word } from '../bytes.ts';
import { type Case, type Cases, cases } from '../case.ts';
import { type Broker, Peer, unique } from '../peer.ts';

const subscribeBytes = (id: number, ...rest: (string | number[])[]) =>
  packet(TYPE.subscribe, 2, word(id), ...rest);
const unsubscribeBytes = (id: number, ...rest: string[]) => packet(TYPE.unsubscribe, 2, word(id), ...rest);

const refused = (bytes: () => Buffer) => async (broker: Broker) =>
  (await Peer.connected(broker)).refused(bytes());

/** Is a message on `topic` sent to who subscribed `filter`? A root of its own stands for `~`. */
const matched = (filter: string, topic: string, expected: boolean): Cases[number] => [
  'MQTT-4.7.1-2',
  `${filter} ${expected ? 'matches' : 'does not match'} ${topic}`,
  async (b) => {
    const root = unique();
    const reader = await Peer.connected(b);
    await reader.subscribe(filter.replace('~', root));
    const writer = await Peer.connected(b);
    await writer.published(topic.replace('~', root), 'x');
    if (expected) assert.equal((await reader.take('publish')).topic, topic.replace('~', root));
    await reader.hearsNothing();
  },
];

export const filters: Case[] = cases([
  ['MQTT-2.3.1-1', 'a SUBSCRIBE with packet id 0', refused(() => subscribeBytes(0, unique(), [0]))],
  ['MQTT-2.3.1-1', 'an UNSUBSCRIBE with packet id 0', refused(() => unsubscribeBytes(0, unique()))],
  ['MQTT-3.8.3-3', 'a SUBSCRIBE without a filter', refused(() => subscribeBytes(1))],
  ['MQTT-3.8.3-4', 'a SUBSCRIBE with QoS 3', refused(() => subscribeBytes(1, unique(), [3]))],
  ['MQTT-3.8.3-4', 'a SUBSCRIBE with reserved bits', refused(() => subscribeBytes(1, unique(), [4]))],
  ['MQTT-3.10.3-2', 'an UNSUBSCRIBE without a filter', refused(() => unsubscribeBytes(1))],
  ['MQTT-4.7.3-1', 'a SUBSCRIBE with an empty filter', refused(() => subscribeBytes(1, '', [0]))],
  ['MQTT-4.7.3-1', 'an UNSUBSCRIBE with an empty filter', refused(() => unsubscribeBytes(1, ''))],
  ...['a#', '#/a', 'a/#/b', 'a/b#'].map((filter): Cases[number] => [
    'MQTT-4.7.1-2',
    `the filter ${filter}`,
    refused(() => subscribeBytes(1, filter, [0])),
  ]),
  ...['a+', '+a', 'a/+b/c'].map((filter): Cases[number] => [
    'MQTT-4.7.1-3',
    `the filter ${filter}`,
    refused(() => subscribeBytes(1, filter, [0])),
  ]),
  matched('~/#', '~', true),
  matched('~/#', '~/a', true),
  matched('~/#', '~/a/b/c', true),
  matched('~/#', '~x', false),
  matched('~/+', '~/a', true),
  matched('~/+', '~', false),
  matched('~/+', '~/', true),
  matched('~/+', '~/a/b', false),
  matched('~/+/c', '~/a/c', true),
  matched('~/+/c', '~/c', false),
  matched('~/+/#', '~/a', true),
  matched('+/~', '/~', true),
  matched('/~', '~', false),
  matched('~/a', '~/A', false),
  matched('~/a b/ä', '~/a b/ä', true),
  [
    'MQTT-4.7.3-4',
    'letters that look alike are not the same',
    async (b) => {
      const root = unique();
      const reader = await Peer.connected(b);
      await reader.subscribe(`${root}/\u00e9`);
      const writer = await Peer.connected(b);
      await writer.published(`${root}/e\u0301`, 'x');
      await reader.hearsNothing();
    },
  ],
  ...['#', '+/~/a'].map((filter): Cases[number] => [
    'MQTT-4.7.2-1',
    `${filter.replace('~', 'x')} matches no topic that begins with $`,
    async (b) => {
      const root = unique();
      const reader = await Peer.connected(b);
      await reader.subscribe(filter.replace('~', root));
      const writer = await Peer.connected(b);
      // Whether a client may publish there is the server's choice: it may be disconnected.
      writer.publish(`$${root}/${root}/a`, 'x');
      await writer.ping().catch(() => {});
      // What else there is may match `#`.
      await reader.ping();
      const other = await Peer.connected(b);
      await other.published(`${root}/${root}/a`, 'y');
      const { topic, payload } = await reader.take('publish');
      assert.deepEqual([topic, payload.toString()], [`${root}/${root}/a`, 'y']);
    },
  ]),
  [
    'MQTT-4.7.3-3',
    'a long topic is passed on whole',
    async (b) => {
      const topic = unique() + 'x'.repeat(1000);
      const peer = await Peer.connected(b);
      await peer.subscribe(topic);
      await peer.published(topic, 'x');
      assert.equal((await peer.take('publish')).topic, topic);
    },
  ],
]);
