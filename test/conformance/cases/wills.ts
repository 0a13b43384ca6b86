import assert from 'node:assert/strict';
import { FLAG, packet } from '../bytes.ts';
import { type Case, type Cases, cases } from '../case.ts';
import { type Broker, type Hello, Peer, unique } from '../peer.ts';
import { isRefused, withLogin } from './common.ts';

/** A client with a will, and one that watches its topic. */
async function pair(broker: Broker, will: Partial<NonNullable<Hello['will']>> = {}, hello: Hello = {}) {
  const topic = unique();
  const watcher = await Peer.connected(broker);
  await watcher.subscribe(topic, 2);
  const peer = await Peer.connected(broker, { ...hello, will: { topic, payload: 'gone', ...will } });
  return { topic, watcher, peer };
}

export const wills: Case[] = cases([
  [
    'MQTT-3.1.2-8',
    'a will is published when the connection breaks',
    async (b) => {
      const { watcher, peer, topic } = await pair(b);
      await peer.drop();
      const will = await watcher.take('publish');
      assert.deepEqual([will.topic, will.payload.toString(), will.qos], [topic, 'gone', 0]);
    },
  ],
  [
    'MQTT-3.1.2-8',
    'a will is published when the keep alive has passed',
    async (b) => {
      const { watcher, peer } = await pair(b, {}, { keepalive: 1 });
      await watcher.take('publish');
      await peer.isClosed();
    },
  ],
  [
    'MQTT-3.1.2-8',
    'a will is published when the server ends the connection for a fault',
    async (b) => {
      const { watcher, peer } = await pair(b);
      peer.send(packet(0, 0));
      await watcher.take('publish');
    },
  ],
  [
    'MQTT-3.1.2-8',
    'a will is published when another connection takes over',
    async (b) => {
      const clientId = unique();
      const { watcher } = await pair(b, {}, { clientId });
      await Peer.connected(b, { clientId });
      await watcher.take('publish');
    },
  ],
  [
    'MQTT-3.1.2-10',
    'a will is not published after a DISCONNECT',
    async (b) => {
      const { watcher, peer } = await pair(b);
      await peer.disconnect();
      await watcher.hearsNothing();
    },
  ],
  [
    'MQTT-3.1.2-12',
    'a client without a will leaves none, also where it had one before',
    async (b) => {
      const clientId = unique();
      const { watcher, peer } = await pair(b, {}, { clientId });
      await peer.disconnect();
      await (await Peer.connected(b, { clientId })).drop();
      await watcher.hearsNothing();
    },
  ],
  ...([1, 2] as const).map((qos): Cases[number] => [
    'MQTT-3.1.2-9',
    `a will goes out with its QoS ${qos}`,
    async (b) => {
      const { watcher, peer } = await pair(b, { qos });
      await peer.drop();
      assert.equal((await watcher.receive()).qos, qos);
    },
  ]),
  [
    'MQTT-3.1.2-16',
    'a will that is not to be retained is not',
    async (b) => {
      const { watcher, peer, topic } = await pair(b);
      await peer.drop();
      await watcher.take('publish');
      const later = await Peer.connected(b);
      await later.subscribe(topic);
      await later.hearsNothing();
    },
  ],
  [
    'MQTT-3.1.2-17',
    'a will that is to be retained is',
    async (b) => {
      const { watcher, peer, topic } = await pair(b, { retain: true });
      await peer.drop();
      await watcher.take('publish');
      const later = await Peer.connected(b);
      await later.subscribe(topic);
      const { retain, payload } = await later.take('publish');
      assert.deepEqual([retain, payload.toString()], [true, 'gone']);
      await later.published(topic, '', { retain: true });
    },
  ],
  [
    'MQTT-3.1.2-9',
    'a will may be empty',
    async (b) => {
      const { watcher, peer } = await pair(b, { payload: '' });
      await peer.drop();
      assert.equal((await watcher.take('publish')).payload.length, 0);
    },
  ],
  [
    'MQTT-3.1.3-10',
    'a will on a topic with a wildcard is refused',
    (b) => isRefused(b, withLogin(FLAG.clean + FLAG.will, [unique(), `${unique()}/#`, 'will'])),
  ],
  [
    'MQTT-4.7.3-1',
    'a will on an empty topic is refused',
    (b) => isRefused(b, withLogin(FLAG.clean + FLAG.will, [unique(), '', 'will'])),
  ],
]);
