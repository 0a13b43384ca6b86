import { BAD_STRINGS, connect, FLAG, field, packet, TYPE, word } from '../bytes.ts';
import type { Case } from '../case.ts';
import { Peer, unique } from '../peer.ts';

/** Where a string stands in a packet, and the packet with a bad one there. */
const PLACES: {
  where: string;
  statement: string;
  greeted: boolean;
  make: (bad: Buffer, peer: Peer) => Buffer;
}[] = [
  {
    where: 'client id',
    statement: 'MQTT-3.1.3-4',
    greeted: false,
    make: (bad, { credentials: { flags, payload } }) =>
      connect({ flags: flags + FLAG.clean, payload: [field(bad), ...payload] }),
  },
  {
    where: 'will topic',
    statement: 'MQTT-3.1.3-10',
    greeted: false,
    make: (bad, { credentials: { flags, payload } }) =>
      connect({
        flags: flags + FLAG.clean + FLAG.will,
        payload: [unique(), field(bad), 'will', ...payload],
      }),
  },
  {
    where: 'user name',
    statement: 'MQTT-3.1.3-11',
    greeted: false,
    make: (bad) => connect({ flags: FLAG.clean + FLAG.user, payload: [unique(), field(bad)] }),
  },
  {
    where: 'topic',
    statement: 'MQTT-3.3.2-1',
    greeted: true,
    make: (bad) => packet(TYPE.publish, 0, field(bad), [0x78]),
  },
  {
    where: 'filter of SUBSCRIBE',
    statement: 'MQTT-3.8.3-1',
    greeted: true,
    make: (bad) => packet(TYPE.subscribe, 2, word(1), field(bad), [0]),
  },
  {
    where: 'filter of UNSUBSCRIBE',
    statement: 'MQTT-3.10.3-1',
    greeted: true,
    make: (bad) => packet(TYPE.unsubscribe, 2, word(1), field(bad)),
  },
];

const bad: Case[] = PLACES.flatMap(({ where, statement, greeted, make }) =>
  BAD_STRINGS.map(([what, bytes, rule]) => ({
    statement: `${statement}, ${rule}`,
    title: `${what} in a ${where}`,
    run: async (broker) => {
      const peer = greeted ? await Peer.connected(broker) : await Peer.open(broker);
      await peer.refused(make(bytes, peer));
    },
  })),
);

export const strings: Case[] = [
  ...bad,
  {
    statement: 'MQTT-1.5.3-3',
    title: 'a zero width no-break space at the start of a string is kept',
    run: async (broker) => {
      const topic = `\ufeff${unique()}`;
      const peer = await Peer.connected(broker);
      await peer.subscribe(topic);
      await peer.subscribe(topic.slice(1));
      peer.publish(topic, 'x');
      const bytes = Buffer.from((await peer.take('publish')).topic);
      if (!bytes.equals(Buffer.from(topic))) throw new Error(`it came back as ${bytes.toString('hex')}`);
      await peer.hearsNothing();
    },
  },
];
