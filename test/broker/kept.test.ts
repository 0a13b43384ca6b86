import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AedesPublishPacket } from 'aedes';
import { Pace, PaceBook } from '../../broker/engine/pace.ts';
import { Queues } from '../../broker/engine/queues.ts';
import { Received } from '../../broker/engine/received.ts';
import { Retained } from '../../broker/engine/retained.ts';
import { StoredSessions } from '../../broker/engine/stored-sessions.ts';
import type { QueuedPacket } from '../../broker/engine/types.ts';

const message = (brokerCounter: number, topic = 'a/b', payload = 'x') =>
  ({
    cmd: 'publish',
    brokerId: 'b',
    brokerCounter,
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: false,
    dup: false,
  }) as AedesPublishPacket;
const answerTo = (messageId: number): QueuedPacket => ({
  cmd: 'publish',
  brokerId: '',
  brokerCounter: 0,
  messageId,
});

void test('a queue keeps its order and ids, and counts what it holds', () => {
  const queues = new Queues();
  for (let i = 1; i <= 3; i++) queues.push('u1/phone', message(i), 10);
  queues.push('lamp', message(4), 7);
  queues.sent('u1/phone', { ...message(2), messageId: 77 });
  assert.deepEqual(
    queues.of('u1/phone').map(({ brokerCounter, messageId }) => [brokerCounter, messageId]),
    [
      [1, undefined],
      [2, 77],
      [3, undefined],
    ],
  );
  assert.deepEqual([queues.count, queues.bytes, queues.bytesOfOwner('u1/laptop')], [4, 37, 30]);
  queues.released('u1/phone', 77);
  assert.deepEqual(queues.of('u1/phone')[1], {
    cmd: 'pubrel',
    messageId: 77,
    brokerId: 'b',
    brokerCounter: 2,
  });
  assert.equal(queues.bytes, 27);
  assert.equal(queues.remove('u1/phone', answerTo(77))?.cmd, 'pubrel');
  assert.equal(queues.remove('u1/phone', answerTo(77)), undefined, 'once');
  queues.drop('u1/phone');
  queues.drop('lamp');
  assert.deepEqual([queues.count, queues.bytes, queues.bytesOfOwner('u1/phone')], [0, 0, 0]);
});

void test('an answer to nothing leaves nothing behind', () => {
  const queues = new Queues();
  for (let i = 0; i < 100; i++) {
    queues.remove(`u1/${i}`, answerTo(1));
    queues.sent(`u1/${i}`, { ...message(1), messageId: 1 });
    queues.released(`u1/${i}`, 1);
    assert.deepEqual(queues.of(`u1/${i}`), []);
  }
  assert.equal(queues.count, 0);
});

void test('ids of QoS 2 that wait are bounded for a client id, however often it comes back', () => {
  const received = new Received(3);
  for (const id of [1, 2, 3]) received.add('lamp', id);
  assert.throws(() => received.add('lamp', 4), /3 QoS 2 messages wait/);
  received.add('other', 4);
  assert.equal(received.delete('lamp', 2), true);
  assert.equal(received.delete('lamp', 2), false);
  received.add('lamp', 4);
  received.forget('lamp');
  assert.equal(received.has('lamp', 4), false);
});

void test('retained messages count with their topics, and a filter finds its own', () => {
  const retained = new Retained();
  for (const topic of ['a', 'a/b', 'a/b/c', 'a/x/c', '$a/b', '/']) retained.set(message(1, topic, '12345'));
  const found = (filter: string) => [...retained.matching(filter)].map(({ topic }) => topic).sort();
  assert.deepEqual(found('a/#'), ['a', 'a/b', 'a/b/c', 'a/x/c']);
  assert.deepEqual(found('a/+/c'), ['a/b/c', 'a/x/c']);
  assert.deepEqual(found('#'), ['/', 'a', 'a/b', 'a/b/c', 'a/x/c']);
  assert.deepEqual(found('+/+'), ['/', 'a/b']);
  assert.deepEqual(found('$a/#'), ['$a/b']);
  assert.deepEqual(found('a/b'), ['a/b']);
  assert.equal(retained.bytes, 6 * 5 + 'aa/ba/b/ca/x/c$a/b/'.length);
  retained.set(message(2, 'a/b', '1'));
  assert.deepEqual([retained.count, retained.bytes], [6, 6 * 5 + 19 - 4]);
  for (const { topic } of [...retained.all()]) retained.delete(topic);
  retained.delete('never/there');
  assert.deepEqual([retained.count, retained.bytes, [...retained.all()]], [0, 0, []]);
});

void test('stored sessions are counted by owner, and devices observe nobody', () => {
  const sessions = new StoredSessions();
  for (const id of ['u1/a', 'u1/b', 'lamp']) {
    sessions.keep(id);
    sessions.add(id, 'x/#', 1);
    sessions.add(id, 'y', 0);
  }
  assert.deepEqual(sessions.countOf('u1'), { sessions: 2, filters: 4 });
  assert.equal(sessions.observers, 2);
  sessions.add('u1/a', 'y', 2);
  sessions.add('u1/a', 'x/#', 0);
  assert.equal(sessions.observers, 2);
  sessions.remove('u1/a', 'y');
  assert.equal(sessions.observers, 1);
  for (const id of sessions.ids()) sessions.forget(id);
  assert.deepEqual(
    [sessions.size, sessions.observers, sessions.countOf('u1')],
    [0, 0, { sessions: 0, filters: 0 }],
  );
});

void test('after a time of quiet one burst may come, not two', () => {
  const pace = new Pace(10, 0);
  pace.refill(60_000);
  pace.take(10);
  assert.equal(pace.spent, true);
  assert.equal(pace.wait(60_000), 100);
  assert.equal(pace.wait(60_100), 0);
});

void test('to reconnect gains no packets, and who has been quiet is forgotten', () => {
  const paces = new PaceBook({ packetsPerSecond: 10, bytesPerSecond: 1000 });
  paces.of('rogue', 0).packets.take(10);
  assert.equal(paces.of('rogue', 0).packets.wait(0), 100);
  for (let i = 0; i < 1500; i++) paces.of(`quiet-${i}`, 5000);
  assert.equal(paces.of('rogue', 5000).packets.wait(5000), 0);
  assert.ok(paces.size <= 1001, `${paces.size}`);
});
