import assert from 'node:assert/strict';
import type { Case, Cases } from '../case.ts';
import { type Broker, Peer, unique } from '../peer.ts';

/** A session that is kept, with a subscription, whose client is away. */
async function absent(broker: Broker, qos: 0 | 1 | 2 = 1) {
  const clientId = unique();
  const topic = unique();
  const peer = await Peer.connected(broker, { clientId, clean: false });
  await peer.subscribe(topic, qos);
  await peer.disconnect();
  const back = async () => {
    const again = await Peer.open(broker);
    const { sessionPresent } = await again.connect({ clientId, clean: false });
    return { peer: again, sessionPresent };
  };
  /** Leaves nothing behind. */
  const forget = async () => (await Peer.connected(broker, { clientId })).disconnect();
  return { clientId, topic, back, forget };
}

const list: Cases = [
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
    'MQTT-4.4.0-1',
    'an unconfirmed QoS 1 message is sent again under its id, with DUP',
    async (b) => {
      const { topic, back, forget } = await absent(b);
      const { peer } = await back();
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x');
      const first = await peer.take('publish');
      assert.equal(first.dup, false);
      await peer.drop();
      const { peer: again } = await back();
      const second = await again.take('publish');
      assert.deepEqual(
        [second.messageId, second.dup, second.payload.toString()],
        [first.messageId, true, 'x'],
      );
      await again.confirm(second);
      await again.hearsNothing();
      await again.disconnect();
      await forget();
    },
  ],
  [
    'MQTT-4.4.0-1',
    'an unconfirmed QoS 2 message is sent again under its id, with DUP',
    async (b) => {
      const { topic, back, forget } = await absent(b, 2);
      const { peer } = await back();
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x', { qos: 2 });
      const first = await peer.take('publish');
      await peer.drop();
      const { peer: again } = await back();
      const second = await again.take('publish');
      assert.deepEqual([second.messageId, second.dup, second.qos], [first.messageId, true, 2]);
      await again.confirm(second);
      await again.hearsNothing();
      await again.disconnect();
      await forget();
    },
  ],
  [
    'MQTT-4.4.0-1',
    'an unconfirmed PUBREL is sent again under its id, and not its message',
    async (b) => {
      const { topic, back, forget } = await absent(b, 2);
      const { peer } = await back();
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x', { qos: 2 });
      const { messageId = 0 } = await peer.take('publish');
      peer.send({ cmd: 'pubrec', messageId });
      await peer.take('pubrel');
      await peer.drop();
      const { peer: again } = await back();
      assert.equal((await again.take('pubrel')).messageId, messageId);
      again.send({ cmd: 'pubcomp', messageId });
      await again.hearsNothing();
      await again.disconnect();
      await forget();
    },
  ],
  [
    'MQTT-4.6.0-6',
    'what is sent again keeps its order, before what is new',
    async (b) => {
      const { topic, back, forget } = await absent(b);
      const { peer } = await back();
      const writer = await Peer.connected(b);
      for (let i = 1; i <= 3; i++) await writer.published(topic, String(i));
      await peer.takeMany(3);
      await peer.drop();
      await writer.published(topic, '4');
      const { peer: again } = await back();
      const heard = (await again.takeMany(4)).map(({ payload }) => payload.toString());
      assert.deepEqual(heard, ['1', '2', '3', '4']);
      await again.disconnect();
      await forget();
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
];

export const sessions: Case[] = list.map(([statement, title, run]) => ({ statement, title, run }));
