import assert from 'node:assert/strict';
import { packet, TYPE, word } from '../bytes.ts';
import { type Case, type Cases, cases } from '../case.ts';
import { Peer, unique } from '../peer.ts';
import { heard, pair } from './common.ts';

export const publishing: Case[] = cases([
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
]);
