import assert from 'node:assert/strict';
import { connect, FLAG, field, packet, TYPE, word } from '../bytes.ts';
import { type Case, cases } from '../case.ts';
import { type Broker, Peer, unique } from '../peer.ts';
import { isRefused, withLogin } from './common.ts';

async function isAnswered(broker: Broker, code: number, bytes: (peer: Peer) => Buffer): Promise<void> {
  const peer = await Peer.open(broker);
  peer.send(bytes(peer));
  const { returnCode, sessionPresent } = await peer.take('connack');
  assert.equal(returnCode, code);
  // [MQTT-3.2.2-4], [MQTT-3.2.2-5]
  if (code === 0) return peer.disconnect();
  assert.equal(sessionPresent, false);
  await peer.isClosed();
}

export const connecting: Case[] = cases([
  ['MQTT-3.1.0-1', 'the first packet must be a CONNECT', (b) => isRefused(b, () => packet(TYPE.pingreq, 0))],
  [
    'MQTT-3.1.0-1',
    'a PUBLISH before the CONNECT is not published',
    async (b) => {
      const topic = unique();
      const watcher = await Peer.connected(b);
      await watcher.subscribe(topic);
      await isRefused(b, () => packet(TYPE.publish, 0, topic, [0x78]));
      await watcher.hearsNothing();
    },
  ],
  [
    'MQTT-3.1.0-2',
    'a second CONNECT ends the connection',
    async (b) => {
      const peer = await Peer.connected(b);
      await peer.refused(peer.hello());
    },
  ],
  [
    'MQTT-3.1.2-1',
    'an unknown protocol name',
    (b) => isRefused(b, withLogin(FLAG.clean, [unique()], { name: 'MQXX' })),
  ],
  [
    'MQTT-3.1.2-1',
    'the protocol name in other letters',
    (b) => isRefused(b, withLogin(FLAG.clean, [unique()], { name: 'mqtt' })),
  ],
  [
    'MQTT-3.1.2-2',
    'an unknown protocol level is answered with 1',
    (b) => isAnswered(b, 1, withLogin(FLAG.clean, [unique()], { level: 6 })),
  ],
  ['MQTT-3.1.2-3', 'the reserved flag', (b) => isRefused(b, withLogin(FLAG.clean + FLAG.reserved))],
  [
    'MQTT-3.1.2-9',
    'a will flag without a will',
    (b) => isRefused(b, () => connect({ flags: FLAG.clean + FLAG.will, payload: [unique()] })),
  ],
  [
    'MQTT-3.1.2-9',
    'a will topic without a message',
    (b) => isRefused(b, () => connect({ flags: FLAG.clean + FLAG.will, payload: [unique(), unique()] })),
  ],
  [
    'MQTT-3.1.2-11',
    'a will without its flag',
    (b) => isRefused(b, () => connect({ flags: FLAG.clean, payload: [unique(), unique(), 'will'] })),
  ],
  ['MQTT-3.1.2-13', 'a will QoS without a will', (b) => isRefused(b, withLogin(FLAG.clean + FLAG.willQos1))],
  [
    'MQTT-3.1.2-14',
    'will QoS 3',
    (b) => isRefused(b, withLogin(FLAG.clean + FLAG.will + 3 * FLAG.willQos1, [unique(), unique(), 'will'])),
  ],
  [
    'MQTT-3.1.2-15',
    'a retained will without a will',
    (b) => isRefused(b, withLogin(FLAG.clean + FLAG.willRetain)),
  ],
  [
    'MQTT-3.1.2-18',
    'a user name without its flag',
    (b) => isRefused(b, () => connect({ flags: FLAG.clean, payload: [unique(), 'name'] })),
  ],
  [
    'MQTT-3.1.2-19',
    'a flag without its user name',
    (b) => isRefused(b, () => connect({ flags: FLAG.clean + FLAG.user, payload: [unique()] })),
  ],
  [
    'MQTT-3.1.2-20',
    'a password without its flag',
    (b) =>
      isRefused(b, () => connect({ flags: FLAG.clean + FLAG.user, payload: [unique(), 'name', 'word'] })),
  ],
  [
    'MQTT-3.1.2-21',
    'a flag without its password',
    (b) =>
      isRefused(b, () =>
        connect({ flags: FLAG.clean + FLAG.user + FLAG.password, payload: [unique(), 'name'] }),
      ),
  ],
  [
    'MQTT-3.1.2-22',
    'a password without a user name',
    (b) => isRefused(b, () => connect({ flags: FLAG.clean + FLAG.password, payload: [unique(), 'word'] })),
  ],
  [
    'MQTT-3.1.3-3',
    'no client id at all',
    (b) => isRefused(b, () => connect({ flags: FLAG.clean, payload: [] })),
  ],
  [
    'MQTT-3.1.3-5',
    'a client id of one letter',
    (b) => isAnswered(b, 0, withLogin(FLAG.clean, [unique().slice(-1)])),
  ],
  [
    'MQTT-3.1.3-5',
    'a client id of 23 letters and digits',
    (b) => isAnswered(b, 0, withLogin(FLAG.clean, [`${unique()}ABCDEFGHIJKLMNOPQRSTUVW`.slice(0, 23)])),
  ],
  [
    'MQTT-3.1.3-6',
    'clients without an id get one each',
    async (b) => {
      const peers = [await Peer.connected(b, { clientId: '' }), await Peer.connected(b, { clientId: '' })];
      for (const peer of peers) await peer.ping();
    },
  ],
  [
    'MQTT-3.1.3-8',
    'an empty id and a session to be kept are answered with 2',
    (b) => isAnswered(b, 2, withLogin(0, [field('')])),
  ],
  [
    'MQTT-3.1.4-1',
    'bytes left over in a CONNECT',
    (b) =>
      isRefused(b, ({ credentials: { flags, payload } }) =>
        connect({ flags: flags + FLAG.clean, payload: [unique(), ...payload, [0, 1, 2]] }),
      ),
  ],
  [
    'MQTT-3.1.4-1',
    'a CONNECT cut in its fields',
    (b) => isRefused(b, () => packet(TYPE.connect, 0, 'MQTT', [4, FLAG.clean], word(60), word(9), [0x61])),
  ],
  ['MQTT-3.1.4-1', 'wrong flags of CONNECT', (b) => isRefused(b, () => packet(TYPE.connect, 1, 'MQTT'))],
  [
    'MQTT-3.1.4-2',
    'a second connection of an id ends the first',
    async (b) => {
      const clientId = unique();
      const first = await Peer.connected(b, { clientId });
      const second = await Peer.connected(b, { clientId });
      await first.isClosed();
      await second.ping();
    },
  ],
  [
    'MQTT-3.1.4-4',
    'the CONNACK comes first, whatever is sent behind the CONNECT',
    async (b) => {
      const peer = await Peer.open(b);
      const topic = unique();
      peer.send(
        Buffer.concat([
          peer.hello(),
          packet(TYPE.subscribe, 2, word(7), topic, [0]),
          packet(TYPE.publish, 0, topic, [0x78]),
        ]),
      );
      const { cmd } = await peer.next();
      assert.equal(cmd, 'connack');
      await peer.take('suback');
      await peer.take('publish');
    },
  ],
  [
    'MQTT-3.1.4-5',
    'what follows a CONNECT that is refused is not acted on',
    async (b) => {
      const topic = unique();
      const watcher = await Peer.connected(b);
      await watcher.subscribe(topic);
      await isAnswered(b, 1, (peer) =>
        Buffer.concat([
          withLogin(FLAG.clean, [unique()], { level: 6 })(peer),
          packet(TYPE.publish, 0, topic, [0x78]),
        ]),
      );
      await watcher.hearsNothing();
    },
  ],
]);
