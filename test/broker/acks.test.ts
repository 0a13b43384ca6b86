import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AckQueue } from '../../broker/acks.ts';

void test('acknowledgements leave in the order of the messages, whatever was dealt with first', () => {
  const queue = new AckQueue(() => {});
  const left: number[] = [];
  const releases = [0, 1, 2, 3].map((n) => queue.hold(() => left.push(n)));
  releases[2]?.();
  releases[1]?.();
  assert.deepEqual(left, []);
  releases[0]?.();
  assert.deepEqual(left, [0, 1, 2]);
  releases[3]?.();
  assert.deepEqual(left, [0, 1, 2, 3]);
});

void test('thousands of held acknowledgements are released once each', () => {
  const queue = new AckQueue(() => {});
  const left: number[] = [];
  const releases = Array.from({ length: 5000 }, (_, n) => queue.hold(() => left.push(n)));
  for (const release of releases.slice(1)) release();
  assert.equal(left.length, 0);
  releases[0]?.();
  assert.deepEqual(
    left,
    Array.from({ length: 5000 }, (_, n) => n),
  );
});
