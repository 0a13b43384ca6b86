import assert from 'node:assert/strict';
import { type Case, type Cases, cases } from '../case.ts';
import { Peer, unique } from '../peer.ts';
import { absent } from './common.ts';

export const sessions: Case[] = cases([
  [
    'MQTT-3.2.2-1',
    'a clean session is never present',
    async (b) => {
      const { clientId } = await absent(b);
      const peer = await Peer.open(b);
      assert.equal((await peer.connect({ clientId })).sessionPresent, false);
    },
  ],
  [
    'MQTT-3.2.2-2',
    'a session that was kept is present',
    async (b) => {
      const { back, forget } = await absent(b);
      const { peer, sessionPresent } = await back();
      assert.equal(sessionPresent, true);
      await peer.disconnect();
      await forget();
    },
  ],
  [
    'MQTT-3.2.2-2',
    'a session without subscriptions is present too',
    async (b) => {
      const clientId = unique();
      await (await Peer.connected(b, { clientId, clean: false })).disconnect();
      const peer = await Peer.open(b);
      assert.equal((await peer.connect({ clientId, clean: false })).sessionPresent, true);
      await peer.disconnect();
      await (await Peer.connected(b, { clientId })).disconnect();
    },
  ],
  [
    'MQTT-3.2.2-3',
    'a first session is not present',
    async (b) => {
      const clientId = unique();
      const peer = await Peer.open(b);
      assert.equal((await peer.connect({ clientId, clean: false })).sessionPresent, false);
      await peer.disconnect();
      await (await Peer.connected(b, { clientId })).disconnect();
    },
  ],
  [
    'MQTT-3.1.2-4',
    'subscriptions are resumed',
    async (b) => {
      const { topic, back, forget } = await absent(b);
      const { peer } = await back();
      const writer = await Peer.connected(b);
      writer.publish(topic, 'x');
      await peer.take('publish');
      await peer.disconnect();
      await forget();
    },
  ],
  ...([1, 2] as const).map((qos): Cases[number] => [
    'MQTT-3.1.2-5',
    `QoS ${qos} is kept for who is away, in order`,
    async (b) => {
      const { topic, back, forget } = await absent(b, qos);
      const writer = await Peer.connected(b);
      for (let i = 1; i <= 5; i++) await writer.published(topic, String(i), { qos, messageId: i });
      const { peer } = await back();
      const heard: string[] = [];
      while (heard.length < 5) heard.push((await peer.receive()).payload.toString());
      assert.deepEqual(heard, ['1', '2', '3', '4', '5']);
      await peer.hearsNothing();
      await peer.disconnect();
      await forget();
    },
  ]),
  [
    'MQTT-3.1.2-6',
    'a clean session forgets what was kept, and leaves nothing',
    async (b) => {
      const { clientId, topic, back, forget } = await absent(b);
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x');
      const clean = await Peer.connected(b, { clientId });
      await clean.hearsNothing();
      await writer.published(topic, 'y');
      await clean.hearsNothing();
      await clean.disconnect();
      const { peer, sessionPresent } = await back();
      assert.equal(sessionPresent, false);
      await peer.hearsNothing();
      await peer.disconnect();
      await forget();
    },
  ],
  [
    'MQTT-3.1.2-7',
    'retained messages outlive the session that made them',
    async (b) => {
      const topic = unique();
      const writer = await Peer.connected(b);
      await writer.published(topic, 'kept', { retain: true });
      await writer.disconnect();
      const reader = await Peer.connected(b);
      await reader.subscribe(topic);
      await reader.take('publish');
      await reader.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-4.1.0-1',
    'an inbound QoS 2 message that was received is not published again after a reconnect',
    async (b) => {
      const { clientId, forget } = await absent(b);
      const topic = unique();
      const reader = await Peer.connected(b);
      await reader.subscribe(topic, 2);
      const writer = await Peer.connected(b, { clientId, clean: false });
      writer.publish(topic, 'x', { qos: 2, messageId: 9 });
      await writer.take('pubrec');
      await writer.drop();
      const again = await Peer.connected(b, { clientId, clean: false });
      again.publish(topic, 'x', { qos: 2, messageId: 9, dup: true });
      await again.take('pubrec');
      again.send({ cmd: 'pubrel', messageId: 9 });
      await again.take('pubcomp');
      await reader.receive();
      await reader.hearsNothing();
      await again.disconnect();
      await forget();
    },
  ],
  [
    'MQTT-3.1.4-2',
    'whoever takes a session over gets what is kept in it',
    async (b) => {
      const { clientId, topic, back, forget } = await absent(b);
      const { peer: first } = await back();
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x');
      await first.take('publish');
      const second = await Peer.connected(b, { clientId, clean: false });
      await first.isClosed();
      assert.equal((await second.receive()).payload.toString(), 'x');
      await second.disconnect();
      await forget();
    },
  ],
  [
    'MQTT-3.1.3-2',
    'sessions of other ids are others',
    async (b) => {
      const { topic, forget } = await absent(b);
      const other = await Peer.connected(b, { clean: false });
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x');
      await other.hearsNothing();
      await forget();
    },
  ],
  [
    'MQTT-4.5.0-1',
    'QoS 0 subscriptions of who is away keep nothing',
    async (b) => {
      const { topic, back, forget } = await absent(b, 0);
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x');
      const { peer } = await back();
      await writer.published(topic, 'y');
      assert.equal((await peer.take('publish')).payload.toString(), 'y');
      await peer.hearsNothing();
      await peer.disconnect();
      await forget();
    },
  ],
]);
