import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { createFences } from '../../db/domain/fence.ts';
import type { Device } from '../../db/domain/types.ts';
import { createPresence } from '../../db/live-state/presence.ts';
import { createRegistry } from '../../db/live-state/registry.ts';
import { silent } from '../helpers/database.ts';

const PK = 1;
const lamp: Device = {
  pk: PK,
  deviceId: 'lamp',
  name: 'Lamp',
  type: 'light',
  version: null,
  manufacturer: null,
  roomId: null,
  createdAt: new Date(0),
  revoked: false,
  reenrollUntil: null,
  lastHeartbeat: null,
  lastError: null,
};

/** Of one node; nothing is written, so that it needs no database. */
function node(id: string, now: () => number) {
  const registry = createRegistry();
  const presence = createPresence({
    sql: {} as postgres.Sql,
    log: silent,
    now,
    monotonic: now,
    offlineAfterMs: 60_000,
    registry,
    fences: createFences(id, now),
  });
  const told: [pk: number, fence: number, attendance: 'gone' | 'silent' | 'online'][] = [];
  presence.onChange((...change) => void told.push(change));
  const device = registry.putDevice(lamp);
  presence.refresh(device);
  return { id, presence, registry, device, told };
}

void test('of two sessions of one moment every node takes the same one for the later, in whatever order it hears', () => {
  const now = () => 1_700_000_000_000;
  for (const [first, second] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const [one, other, third] = [node(first, now), node(second, now), node('c', now)];
    one.presence.connected(one.device, one);
    other.presence.connected(other.device, other);
    const [[, fence] = [0, 0]] = one.told;
    assert.equal(other.told[0]?.[1], fence, 'both gave the same number');
    const oneYields = one.presence.heardElsewhere(second, PK, fence, 'online');
    const otherYields = other.presence.heardElsewhere(first, PK, fence, 'online');
    assert.equal(Number(oneYields) + Number(otherYields), 1);
    const [winner, loser] = oneYields ? [second, first] : [first, second];
    for (const from of [first, second]) third.presence.heardElsewhere(from, PK, fence, 'online');
    third.presence.heardElsewhere(loser, PK, fence, 'gone');
    assert.equal(third.presence.nodeOf(PK), winner);
    assert.equal(third.device.connected, true);
  }
});

void test('whoever has heard of a connection gives a later number, whatever its clock says', () => {
  const ahead = node('ahead', () => 2_000_000);
  const behind = node('behind', () => 1_000_000);
  ahead.presence.connected(ahead.device, ahead);
  const [[, fence] = [0, 0]] = ahead.told;
  behind.presence.heardElsewhere('ahead', PK, fence, 'online');
  behind.presence.connected(behind.device, behind);
  const later = behind.told.at(-1)?.[1] ?? 0;
  assert.ok(later > fence);
  assert.equal(ahead.presence.heardElsewhere('behind', PK, later, 'online'), true, 'the older one ends');
});

void test('a device is connected while any node has it, and silent while none has heard it', () => {
  const { presence, device } = node('here', () => 1_000_000);
  presence.heardElsewhere('there', PK, 5, 'online');
  assert.deepEqual([device.connected, device.online], [true, true]);
  presence.heardElsewhere('there', PK, 5, 'silent');
  assert.deepEqual([device.connected, device.online], [true, false]);
  const session = {};
  presence.connected(device, session);
  assert.deepEqual([device.connected, device.online], [true, true]);
  presence.heardElsewhere('there', PK, 5, 'gone');
  assert.equal(device.connected, true);
  presence.disconnected(device, session);
  assert.equal(device.connected, false);
});

void test('a node that died takes its devices with it, and no other ones', () => {
  const { presence, device } = node('here', () => 1_000_000);
  presence.heardElsewhere('dead', PK, 5, 'online');
  presence.heardElsewhere('alive', PK, 6, 'online');
  presence.forgetNode('dead');
  assert.equal(device.connected, true);
  presence.forgetNode('alive', (pk) => pk === PK);
  assert.equal(device.connected, true, 'it has told of this one again');
  presence.forgetNode('alive');
  assert.equal(device.connected, false);
});

void test('presence may be told before the device is known', () => {
  const { presence, registry } = node('here', () => 1_000_000);
  presence.heardElsewhere('there', 2, 5, 'online');
  const device = registry.putDevice({ ...lamp, pk: 2, deviceId: 'late' });
  presence.refresh(device);
  assert.equal(device.connected, true);
});
