import assert from 'node:assert/strict';
import { type Case, cases } from '../case.ts';
import { Peer } from '../peer.ts';
import { absent } from './common.ts';

export const redelivery: Case[] = cases([
  [
    'MQTT-3.3.1-9',
    'a retained message that was queued for a subscription goes out with RETAIN 0, once',
    async (b) => {
      const { topic, back, forget } = await absent(b);
      const writer = await Peer.connected(b);
      await writer.published(topic, 'x', { retain: true });
      const { peer } = await back();
      assert.equal((await peer.receive()).retain, false);
      await peer.disconnect();
      const { peer: again } = await back();
      await again.hearsNothing();
      await again.disconnect();
      await writer.published(topic, '', { retain: true, qos: 0 });
      await forget();
    },
  ],
  [
    'MQTT-4.6.0-6',
    'what is published while a queue is sent comes after it',
    async (b) => {
      const { topic, back, forget } = await absent(b);
      const writer = await Peer.connected(b);
      const [queued, all] = [500, 800];
      for (let i = 0; i < queued; i++) await writer.published(topic, String(i));
      const { peer } = await back();
      for (let i = queued; i < all; i++) writer.publish(topic, String(i), { qos: 1, messageId: i });
      for (let i = 0; i < all; i++) assert.equal((await peer.receive()).payload.toString(), String(i));
      await peer.hearsNothing();
      await peer.disconnect();
      await forget();
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
]);
