import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DupMemory, RecentMessages } from '../../broker/dup-memory.ts';
import { lonelyDevice } from '../helpers/live-device.ts';

const { device } = lonelyDevice();

function remembering() {
  const recent = new RecentMessages();
  let clock = 0;
  return (packetId: number, dup: boolean, text: string) =>
    recent.time(packetId, dup, Buffer.from(text), () => ++clock);
}

void test('a redelivery has the time of its first copy; a new message and another payload have their own', () => {
  const time = remembering();
  assert.equal(time(7, false, 'a'), 1);
  assert.equal(time(7, true, 'a'), 1);
  assert.equal(time(7, true, 'b'), 2);
  assert.equal(time(7, false, 'b'), 3);
  assert.equal(time(8, true, 'never seen'), 4);
  assert.equal(time(7, true, ''), 5);
});

void test('the last 256 messages are remembered, and no more', () => {
  const time = remembering();
  for (let id = 1; id <= 257; id++) time(id, false, 'x');
  assert.equal(time(257, true, 'x'), 257);
  assert.equal(time(2, true, 'x'), 2);
  assert.equal(time(1, true, 'x'), 258);
});

void test('packet ids may be any: none takes the place of another', () => {
  const time = remembering();
  const ids = Array.from({ length: 255 }, (_, i) => 1 + ((i * 256) % 65_535));
  const first = ids.map((id) => time(id, false, 'x'));
  assert.deepEqual(
    ids.map((id) => time(id, true, 'x')),
    first,
  );
});

void test('a device that comes back meets the memory of its last connection', () => {
  const memory = new DupMemory();
  assert.equal(memory.of(device), memory.of(device));
  assert.notEqual(memory.of({ ...device }), memory.of(device));
});
