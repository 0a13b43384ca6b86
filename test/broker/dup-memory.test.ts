import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DupMemory } from '../../broker/dup-memory.ts';
import { createRegistry } from '../../db/live-state/registry.ts';

const device = createRegistry().putDevice({
  pk: 1,
  deviceId: 'd',
  name: 'd',
  type: 't',
  version: null,
  manufacturer: null,
  roomId: null,
  createdAt: new Date(),
  revoked: false,
  reenrollUntil: null,
  lastHeartbeat: null,
  lastError: null,
});
const message = (packetId: number | undefined, dup: boolean, text: string) => ({
  packetId,
  dup,
  payload: Buffer.from(text),
});

void test('a redelivery has the time of its first copy; a new message, another payload or QoS 0 has its own', () => {
  const memory = new DupMemory();
  let clock = 0;
  const make = () => [++clock];
  const times = (packetId: number | undefined, dup: boolean, text: string) =>
    memory.times(device, message(packetId, dup, text), make)[0];
  assert.equal(times(7, false, 'a'), 1);
  assert.equal(times(7, true, 'a'), 1);
  assert.equal(times(7, true, 'b'), 2);
  assert.equal(times(7, false, 'b'), 3);
  assert.equal(times(undefined, true, 'b'), 4);
  assert.equal(times(8, true, 'never seen'), 5);
});

void test('the memory is bounded: the oldest of 256 is forgotten', () => {
  const memory = new DupMemory();
  let clock = 0;
  for (let id = 1; id <= 257; id++) memory.times(device, message(id, false, 'x'), () => [++clock]);
  assert.deepEqual(
    memory.times(device, message(257, true, 'x'), () => [++clock]),
    [257],
  );
  assert.deepEqual(
    memory.times(device, message(1, true, 'x'), () => [++clock]),
    [258],
  );
});
