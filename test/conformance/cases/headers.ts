import { packet, remainingLength, TYPE, word } from '../bytes.ts';
import type { Case } from '../case.ts';
import { Peer, unique } from '../peer.ts';

const ID = word(1);
const filter = Buffer.concat([word(1), Buffer.from('a')]);

/** Packets whose fixed header has flags that it must not have. */
const FLAGS: [name: string, statement: string, bytes: () => Buffer][] = [
  ['PUBLISH with QoS 3', 'MQTT-3.3.1-4', () => packet(TYPE.publish, 6, 'a', ID, [0x78])],
  ['PUBLISH with QoS 0 and DUP', 'MQTT-3.3.1-2', () => packet(TYPE.publish, 8, 'a', [0x78])],
  ['PUBACK', 'MQTT-2.2.2-2', () => packet(TYPE.puback, 1, ID)],
  ['PUBREC', 'MQTT-2.2.2-2', () => packet(TYPE.pubrec, 1, ID)],
  ['PUBREL', 'MQTT-3.6.1-1', () => packet(TYPE.pubrel, 0, ID)],
  ['PUBCOMP', 'MQTT-2.2.2-2', () => packet(TYPE.pubcomp, 1, ID)],
  ['SUBSCRIBE', 'MQTT-3.8.1-1', () => packet(TYPE.subscribe, 0, ID, filter, [0])],
  ['UNSUBSCRIBE', 'MQTT-3.10.1-1', () => packet(TYPE.unsubscribe, 0, ID, filter)],
  ['PINGREQ', 'MQTT-2.2.2-2', () => packet(TYPE.pingreq, 1)],
  ['DISCONNECT', 'MQTT-3.14.1-1', () => packet(TYPE.disconnect, 1)],
];

/** Packets that a server alone may send, or nobody. Section 2.2.1. */
const NOT_OF_A_CLIENT: [name: string, bytes: () => Buffer][] = [
  ['type 0', () => packet(0, 0)],
  ['CONNACK', () => packet(TYPE.connack, 0, [0, 0])],
  ['SUBACK', () => packet(TYPE.suback, 0, ID, [0])],
  ['UNSUBACK', () => packet(TYPE.unsuback, 0, ID)],
  ['PINGRESP', () => packet(TYPE.pingresp, 0)],
  ['type 15', () => packet(15, 0)],
];

/** Packets that say less, or more, than their length. */
const LENGTHS: [name: string, bytes: () => Buffer][] = [
  ['a PUBLISH cut in its topic', () => packet(TYPE.publish, 0, word(5), [0x61])],
  ['a PUBLISH cut before its packet id', () => packet(TYPE.publish, 2, 'a')],
  ['a PUBACK without an id', () => packet(TYPE.puback, 0)],
  ['a PUBACK with half an id', () => packet(TYPE.puback, 0, [0])],
  ['a PUBACK with bytes left over', () => packet(TYPE.puback, 0, ID, [0])],
  ['a PUBREC with half an id', () => packet(TYPE.pubrec, 0, [0])],
  ['a PUBREC with bytes left over', () => packet(TYPE.pubrec, 0, ID, [0])],
  ['a PUBREL with half an id', () => packet(TYPE.pubrel, 2, [0])],
  ['a PUBREL with bytes left over', () => packet(TYPE.pubrel, 2, ID, [0])],
  ['a PUBCOMP with half an id', () => packet(TYPE.pubcomp, 0, [0])],
  ['a SUBSCRIBE cut in its filter', () => packet(TYPE.subscribe, 2, ID, word(5), [0x61])],
  ['a SUBSCRIBE without a QoS', () => packet(TYPE.subscribe, 2, ID, filter)],
  ['an UNSUBSCRIBE cut in its filter', () => packet(TYPE.unsubscribe, 2, ID, word(5), [0x61])],
  ['a PINGREQ with a body', () => packet(TYPE.pingreq, 0, [0])],
  ['a DISCONNECT with a body', () => packet(TYPE.disconnect, 0, [0])],
  ['a length of five bytes', () => Buffer.from([TYPE.pingreq * 16, 0x80, 0x80, 0x80, 0x80, 0x01])],
];

const refused = (statement: string, title: string, bytes: () => Buffer): Case => ({
  statement,
  title,
  run: async (broker) => (await Peer.connected(broker)).refused(bytes()),
});

export const headers: Case[] = [
  ...FLAGS.map(([name, statement, bytes]) => refused(statement, `wrong flags of ${name}`, bytes)),
  ...NOT_OF_A_CLIENT.map(([name, bytes]) => refused('MQTT-4.8.0-1', `${name} from a client`, bytes)),
  ...LENGTHS.map(([name, bytes]) => refused('MQTT-4.8.0-1', name, bytes)),
  {
    statement: 'MQTT-6.0.0-2',
    title: 'packets are known wherever the network cuts them',
    run: async (broker) => {
      const peer = await Peer.connected(broker);
      const topic = unique();
      const payload = 'x'.repeat(300);
      await peer.subscribe(topic);
      const length = remainingLength(2 + topic.length + payload.length);
      const bytes = Buffer.concat([
        Buffer.from([TYPE.publish * 16, ...length]),
        word(topic.length),
        Buffer.from(topic + payload),
        packet(TYPE.pingreq, 0),
      ]);
      for (const byte of bytes) {
        peer.send(Buffer.from([byte]));
        if (byte !== 0x78) await new Promise((resolve) => setImmediate(resolve));
      }
      const { payload: received } = await peer.take('publish');
      if (received.toString() !== payload) throw new Error('the payload is another');
      await peer.take('pingresp');
    },
  },
];
