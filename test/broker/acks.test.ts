import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AckFlusher, AckQueue, type Held } from '../../broker/acks.ts';

function openQueue() {
  const writes: string[] = [];
  const queue = new AckQueue((bytes) => writes.push(bytes.toString('hex')), new AckFlusher());
  const hold = (ackId: number, release: () => void): Held => {
    const held = { ready: false, ackId, release };
    queue.hold(held);
    return held;
  };
  return { queue, hold, writes };
}

void test('messages are answered in their order, whatever was dealt with first', () => {
  const { queue, hold } = openQueue();
  const left: number[] = [];
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => hold(0, () => left.push(n))) as [Held, Held, Held, Held];
  queue.ready(c);
  queue.ready(b);
  assert.deepEqual(left, []);
  queue.ready(a);
  assert.deepEqual(left, [0, 1, 2]);
  queue.ready(d);
  assert.deepEqual(left, [0, 1, 2, 3]);
});

void test('thousands of held messages are released once each', () => {
  const { queue, hold } = openQueue();
  const left: number[] = [];
  const all = Array.from({ length: 5000 }, (_, n) => hold(0, () => left.push(n)));
  for (const held of all.slice(1)) queue.ready(held);
  assert.equal(left.length, 0);
  for (const held of all.slice(0, 1)) queue.ready(held);
  assert.deepEqual(
    left,
    Array.from({ length: 5000 }, (_, n) => n),
  );
});

void test('PUBACKs that are due together are one write, before whatever comes after them', async () => {
  const { queue, hold, writes } = openQueue();
  const nothing = () => {};
  const all = [hold(1, nothing), hold(0x1234, nothing), hold(0, () => writes.push('own')), hold(3, nothing)];
  for (const held of all.toReversed()) queue.ready(held);
  assert.deepEqual(writes, ['4002000140021234', 'own']);
  await Promise.resolve();
  assert.deepEqual(writes, ['4002000140021234', 'own', '40020003']);
});
