import assert from 'node:assert/strict';
import { type Case, cases } from '../case.ts';
import { heard, pair } from './common.ts';

export const qos2: Case[] = cases([
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
]);
