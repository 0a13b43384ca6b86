import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate } from 'mqtt-packet';
import { takePublications } from '../../broker/engine/fast-lane.ts';
import { randomOf } from '../helpers/random.ts';

interface Seen {
  topic: string;
  packetId: number;
  dup: boolean;
  payload: string;
}

function takeAll(chunk: Buffer, mayBegin = () => true, packetBytes = 256 * 1024) {
  const seen: Seen[] = [];
  const taken = takePublications(
    chunk,
    packetBytes,
    mayBegin,
    (bytes, topicAt, topicEnd, packetId, dup, payloadAt, end) => {
      const topic = bytes.toString('utf8', topicAt, topicEnd);
      if (topic.startsWith('other/')) return false;
      seen.push({ topic, packetId, dup, payload: bytes.toString('utf8', payloadAt, end) });
      return true;
    },
  );
  return { ...taken, seen };
}

const publish = (topic: string, payload: string, more: object = {}) =>
  generate({ cmd: 'publish', topic, payload, qos: 1, messageId: 7, dup: false, retain: false, ...more });

void test('what lies whole in a chunk is taken as the parser would read it, up to what is not plainly one', () => {
  const random = randomOf(20_261_128);
  for (let round = 0; round < 500; round++) {
    const sent: Seen[] = Array.from({ length: 1 + random.below(8) }, () => {
      const qos = random.below(3) > 0 ? 1 : 0;
      return {
        topic: 'd'.repeat(1 + random.below(200)),
        packetId: qos === 0 ? 0 : 1 + random.below(65_535),
        dup: qos === 1 && random.below(2) === 0,
        payload: 'ü'.repeat(random.below(300)),
      };
    });
    const packets = sent.map(({ topic, packetId, dup, payload }) =>
      publish(topic, payload, { qos: packetId === 0 ? 0 : 1, messageId: packetId, dup }),
    );
    const whole = Buffer.concat(packets);
    const cut = random.below(whole.length + 1);
    let fits = 0;
    let bytes = 0;
    for (const packet of packets) {
      if (bytes + packet.length > cut) break;
      bytes += packet.length;
      fits++;
    }
    const taken = takeAll(whole.subarray(0, cut));
    assert.deepEqual(taken.seen, sent.slice(0, fits));
    assert.equal(taken.bytes, bytes);
    assert.equal(taken.blocked, false);
  }
});

void test('other packets, other topics and whatever the standard forbids are left where they are', () => {
  const good = publish('a', 'x');
  const bad: Record<string, Buffer> = {
    ping: generate({ cmd: 'pingreq' }),
    'QoS 2': publish('a', 'x', { qos: 2 }),
    'QoS 3': Buffer.concat([Buffer.from([0x36]), good.subarray(1)]),
    retained: publish('a', 'x', { retain: true }),
    'DUP with QoS 0': Buffer.concat([Buffer.from([0x38]), publish('a', 'x', { qos: 0 }).subarray(1)]),
    'another topic': publish('other/a', 'x'),
    'packet id 0': Buffer.from([0x32, 5, 0, 1, 0x61, 0, 0]),
    'a topic longer than its packet': Buffer.from([0x32, 5, 0, 9, 0x61, 0, 1]),
    'no room for the packet id': Buffer.from([0x32, 3, 0, 1, 0x61, 0, 1]),
    'no room for the length of the topic': Buffer.from([0x30, 1, 0, 0x30, 1]),
    'a length in more bytes than it needs': Buffer.from([0x32, 0x85, 0, 0, 1, 0x61, 0, 1]),
    'a length without an end': Buffer.from([0x32, 0x85]),
  };
  for (const [what, packet] of Object.entries(bad)) {
    const taken = takeAll(Buffer.concat([good, packet, good]));
    assert.deepEqual([taken.seen.length, taken.bytes, taken.blocked], [1, good.length, false], what);
  }
});

void test('what may not begin yet is told from what cannot be taken', () => {
  const packet = publish('a', 'x');
  let room = 2;
  const taken = takeAll(Buffer.concat([packet, packet, packet]), () => room-- > 0);
  assert.deepEqual([taken.seen.length, taken.bytes, taken.blocked], [2, 2 * packet.length, true]);
});

void test('one that is longer than packets may be is left to the parser, which refuses it', () => {
  const small = publish('a', 'x'.repeat(100));
  const large = publish('a', 'x'.repeat(101));
  const taken = takeAll(Buffer.concat([small, large]), () => true, small.length - 2);
  assert.deepEqual([taken.seen.length, taken.bytes, taken.blocked], [1, small.length, false]);
});
