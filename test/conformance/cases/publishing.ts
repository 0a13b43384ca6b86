import assert from 'node:assert/strict';
import { packet, TYPE, word } from '../bytes.ts';
import type { Case, Cases } from '../case.ts';
import { type Broker, Peer, unique } from '../peer.ts';

async function pair(broker: Broker, qos: 0 | 1 | 2) {
  const topic = unique();
  const reader = await Peer.connected(broker);
  await reader.subscribe(topic, qos);
  return { topic, reader, writer: await Peer.connected(broker) };
}

/** What a new subscription is given. */
async function retained(broker: Broker, topic: string) {
  const peer = await Peer.connected(broker);
  await peer.subscribe(topic, 2);
  return peer;
}

const heard = ({ payload }: { payload: Buffer | string }) => payload.toString();

const list: Cases = [
  [
    'MQTT-2.3.1-1',
    'a QoS 1 PUBLISH with packet id 0',
    async (b) => (await Peer.connected(b)).refused(packet(TYPE.publish, 2, unique(), word(0), [0x78])),
  ],
  [
    'MQTT-2.3.1-1',
    'a QoS 2 PUBLISH with packet id 0',
    async (b) => (await Peer.connected(b)).refused(packet(TYPE.publish, 4, unique(), word(0), [0x78])),
  ],
  [
    'MQTT-2.3.1-5',
    'a QoS 0 message has no packet id',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 2);
      writer.publish(topic, 'x');
      const { messageId } = await reader.take('publish');
      assert.equal(messageId, undefined);
    },
  ],
  [
    'MQTT-2.3.1-4',
    'messages under way to a client have ids of their own, none of them 0',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 1);
      for (let i = 0; i < 20; i++) await writer.published(topic, String(i));
      const ids = (await reader.takeMany(20)).map(({ messageId }) => messageId);
      assert.equal(new Set(ids).size, 20);
      assert.ok(!ids.includes(0));
    },
  ],
  [
    'MQTT-4.3.1-1',
    'QoS 0: no answer, one delivery',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 2);
      writer.publish(topic, 'x');
      const { qos, dup } = await reader.take('publish');
      assert.deepEqual([qos, dup], [0, false]);
      await writer.hearsNothing();
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-2.3.1-6',
    'a PUBACK has the id of its PUBLISH',
    async (b) => {
      const { writer, topic } = await pair(b, 1);
      for (const messageId of [1, 255, 256, 65_535]) {
        writer.publish(topic, 'x', { qos: 1, messageId });
        assert.equal((await writer.take('puback')).messageId, messageId);
      }
    },
  ],
  [
    'MQTT-4.3.2-1',
    'QoS 1 to a subscriber: DUP 0, an id, and one copy',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 1);
      await writer.published(topic, 'x');
      const { qos, dup, messageId } = await reader.receive();
      assert.deepEqual([qos, dup, typeof messageId], [1, false, 'number']);
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-4.3.2-2',
    'after a PUBACK the same id is a new message',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 1);
      await writer.published(topic, '1', { messageId: 5 });
      await writer.published(topic, '2', { messageId: 5 });
      assert.deepEqual([heard(await reader.receive()), heard(await reader.receive())], ['1', '2']);
    },
  ],
  [
    'MQTT-3.3.1-3',
    'DUP of who published is not passed on',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 1);
      await writer.published(topic, 'x', { dup: true });
      assert.equal((await reader.receive()).dup, false);
    },
  ],
  [
    'MQTT-4.3.3-2',
    'QoS 2 inbound: PUBREC and PUBCOMP with the id',
    async (b) => {
      const { writer, topic } = await pair(b, 2);
      writer.publish(topic, 'x', { qos: 2, messageId: 77 });
      assert.equal((await writer.take('pubrec')).messageId, 77);
      writer.send({ cmd: 'pubrel', messageId: 77 });
      assert.equal((await writer.take('pubcomp')).messageId, 77);
    },
  ],
  [
    'MQTT-4.3.3-2',
    'QoS 2 inbound: the same id before its PUBREL is the same message',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 2);
      for (const dup of [false, true, true]) {
        writer.publish(topic, 'x', { qos: 2, messageId: 8, dup });
        await writer.take('pubrec');
      }
      writer.send({ cmd: 'pubrel', messageId: 8 });
      await writer.take('pubcomp');
      await reader.receive();
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-4.3.3-2',
    'QoS 2 inbound: after its PUBCOMP the same id is a new message',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 2);
      await writer.published(topic, '1', { qos: 2, messageId: 8 });
      await writer.published(topic, '2', { qos: 2, messageId: 8 });
      assert.deepEqual([heard(await reader.receive()), heard(await reader.receive())], ['1', '2']);
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-4.3.3-2',
    'a PUBREL that is sent again is answered again',
    async (b) => {
      const { writer, topic } = await pair(b, 2);
      await writer.published(topic, 'x', { qos: 2, messageId: 3 });
      writer.send({ cmd: 'pubrel', messageId: 3 });
      assert.equal((await writer.take('pubcomp')).messageId, 3);
    },
  ],
  [
    'MQTT-4.3.3-1',
    'QoS 2 outbound: PUBLISH, PUBREL after the PUBREC, and one copy',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 2);
      await writer.published(topic, 'x', { qos: 2 });
      const { qos, dup, messageId = 0 } = await reader.take('publish');
      assert.deepEqual([qos, dup], [2, false]);
      await reader.hearsNothing();
      reader.send({ cmd: 'pubrec', messageId });
      assert.equal((await reader.take('pubrel')).messageId, messageId);
      reader.send({ cmd: 'pubcomp', messageId });
      await reader.hearsNothing();
    },
  ],
  [
    'MQTT-4.3.3-1',
    'a PUBREC that is sent again is answered with a PUBREL again',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 2);
      await writer.published(topic, 'x', { qos: 2 });
      const { messageId = 0 } = await reader.take('publish');
      for (let i = 0; i < 2; i++) {
        reader.send({ cmd: 'pubrec', messageId });
        assert.equal((await reader.take('pubrel')).messageId, messageId);
      }
    },
  ],
  ...(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map((cmd): Cases[number] => [
    'MQTT-2.3.1-1',
    `a ${cmd.toUpperCase()} with packet id 0`,
    async (b) => (await Peer.connected(b)).refused(packet(TYPE[cmd], cmd === 'pubrel' ? 2 : 0, word(0))),
  ]),
  [
    'MQTT-3.3.4-1',
    'a confirmation of nothing does no harm',
    async (b) => {
      const peer = await Peer.connected(b);
      peer.send({ cmd: 'puback', messageId: 4711 });
      peer.send({ cmd: 'pubcomp', messageId: 4711 });
      await peer.hearsNothing();
    },
  ],
  [
    'MQTT-4.6.0-2',
    'PUBACKs come in the order of the messages',
    async (b) => {
      const { writer, topic } = await pair(b, 1);
      for (let messageId = 1; messageId <= 50; messageId++) writer.publish(topic, 'x', { qos: 1, messageId });
      const ids: (number | undefined)[] = [];
      while (ids.length < 50) ids.push((await writer.take('puback')).messageId);
      assert.deepEqual(
        ids,
        Array.from({ length: 50 }, (_, i) => i + 1),
      );
    },
  ],
  [
    'MQTT-4.6.0-3',
    'PUBRECs come in the order of the messages',
    async (b) => {
      const { writer, topic } = await pair(b, 2);
      for (let messageId = 1; messageId <= 50; messageId++) writer.publish(topic, 'x', { qos: 2, messageId });
      const ids: (number | undefined)[] = [];
      while (ids.length < 50) ids.push((await writer.take('pubrec')).messageId);
      assert.deepEqual(
        ids,
        Array.from({ length: 50 }, (_, i) => i + 1),
      );
    },
  ],
  ...([0, 1, 2] as const).map((qos): Cases[number] => [
    'MQTT-4.6.0-6',
    `QoS ${qos} messages of one client on one topic come in order`,
    async (b) => {
      const { reader, writer, topic } = await pair(b, qos);
      const sent = Array.from({ length: 100 }, (_, i) => String(i));
      for (const [i, payload] of sent.entries()) {
        writer.publish(topic, payload, { qos, ...(qos > 0 && { messageId: i + 1 }) });
      }
      // The whole of both handshakes: a server may wait for either before it goes on.
      for (let i = 0; qos === 2 && i < sent.length; i++) {
        const { messageId = 0 } = await writer.take('pubrec');
        writer.send({ cmd: 'pubrel', messageId });
      }
      for (const payload of sent) assert.equal(heard(await reader.receive()), payload);
    },
  ]),
  [
    'MQTT-4.6.0-4',
    'PUBRELs come in the order of the PUBRECs',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 2);
      for (let i = 1; i <= 10; i++) await writer.published(topic, String(i), { qos: 2, messageId: i });
      const ids = (await reader.takeMany(10)).map(({ messageId = 0 }) => messageId);
      for (const messageId of ids) reader.send({ cmd: 'pubrec', messageId });
      const released: (number | undefined)[] = [];
      while (released.length < 10) released.push((await reader.take('pubrel')).messageId);
      assert.deepEqual(released, ids);
    },
  ],
  [
    'MQTT-3.3.2-2',
    'a topic with `+`',
    async (b) => (await Peer.connected(b)).refused(packet(TYPE.publish, 0, `${unique()}/+`, [0x78])),
  ],
  [
    'MQTT-3.3.2-2',
    'a topic with `#`',
    async (b) => (await Peer.connected(b)).refused(packet(TYPE.publish, 0, `${unique()}/#`, [0x78])),
  ],
  [
    'MQTT-4.7.3-1',
    'an empty topic',
    async (b) => (await Peer.connected(b)).refused(packet(TYPE.publish, 0, '', [0x78])),
  ],
  [
    'MQTT-3.3.2-3',
    'an empty payload is a message',
    async (b) => {
      const { reader, writer, topic } = await pair(b, 0);
      writer.publish(topic, '');
      assert.equal((await reader.take('publish')).payload.length, 0);
    },
  ],
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
];

export const publishing: Case[] = list.map(([statement, title, run]) => ({ statement, title, run }));
