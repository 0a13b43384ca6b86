import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayPublish, mayReceive, maySubscribe } from '../../broker/authorize.ts';
import type { Identity } from '../../broker/identity.ts';
import type { Role } from '../../db/domain/types.ts';
import { createRegistry } from '../../db/live-state/registry.ts';

const registry = createRegistry();
const addDevice = (pk: number, deviceId: string, roomId: number | null) =>
  registry.putDevice({
    pk,
    deviceId,
    name: deviceId,
    type: 'test',
    version: null,
    manufacturer: null,
    roomId,
    createdAt: new Date(),
    revoked: false,
    reenrollUntil: null,
    lastHeartbeat: null,
    lastError: null,
  });
registry.putRoom({ id: 1, name: 'kitchen' });
registry.putRoom({ id: 2, name: 'cellar' });
const mine = addDevice(1, 'lamp', 1);
addDevice(2, 'boiler', 2);
addDevice(3, 'unpaired', null);
const devices = { device: (id: string) => registry.byId.get(id) };

const device: Identity = { kind: 'device', deviceId: 'lamp', device: mine, enrolment: null };
const enrolling: Identity = { kind: 'enrolling', deviceId: 'new', enrolment: { id: 1, certified: false } };
const person = (
  role: Role,
  rooms: number[] = [],
  acl = { publish: [] as string[], subscribe: [] as string[] },
): Identity => ({
  kind: 'person',
  user: {
    ...{ id: 1, username: 'eva', name: null, role, acl, createdAt: new Date() },
    ...{ roomIds: new Set(rooms), mustChangePassword: false },
  },
  token: null,
});

void test('a device publishes to its own topics alone', () => {
  assert.equal(mayPublish(device, 'devices/lamp/sensor'), 'allow');
  assert.equal(mayPublish(device, 'device/lamp/heartbeat'), 'allow');
  assert.deepEqual(mayPublish(device, 'devices/~c1/command/response'), { answer: '~c1' });
  for (const topic of [
    'devices/boiler/sensor',
    'devices/~c1/sensor',
    'devices/lamp/command/request',
    'devices/lamp/register/response',
    'home/anything',
    '$SYS/x/new/clients',
  ]) {
    assert.equal(mayPublish(device, topic), 'deny', topic);
  }
});

void test('an enrolling session may register and hear the answer, nothing else', () => {
  assert.equal(mayPublish(enrolling, 'devices/register'), 'allow');
  assert.equal(mayPublish(enrolling, 'devices/new/sensor'), 'deny');
  assert.equal(maySubscribe(enrolling, 'devices/new/register/response', devices), 'allow');
  for (const filter of [
    'devices/new/#',
    '#',
    'devices/lamp/register/response',
    'devices/+/register/response',
  ]) {
    assert.equal(maySubscribe(enrolling, filter, devices), 'deny', filter);
  }
});

void test('a device subscribes to its own topics alone', () => {
  assert.equal(maySubscribe(device, 'devices/lamp/command/request', devices), 'allow');
  assert.equal(maySubscribe(device, 'device/lamp/command', devices), 'allow');
  assert.deepEqual(maySubscribe(device, 'devices/~c1/command/response', devices), { answer: '~c1' });
  for (const filter of [
    'devices/+/command/request',
    'devices/#',
    '#',
    'devices/boiler/#',
    'devices/~c1/#',
    'home/#',
  ]) {
    assert.equal(maySubscribe(device, filter, devices), 'deny', filter);
  }
});

void test('a person sees the devices of granted rooms, and a wildcard is narrowed at delivery', () => {
  const eva = person('USER', [1]);
  assert.equal(maySubscribe(eva, 'devices/lamp/sensor', devices), 'allow');
  assert.equal(maySubscribe(eva, 'devices/boiler/sensor', devices), 'deny');
  assert.equal(maySubscribe(eva, 'devices/unpaired/sensor', devices), 'deny');
  assert.equal(maySubscribe(eva, 'devices/+/sensor', devices), 'allow');
  assert.equal(maySubscribe(eva, '#', devices), 'deny');
  assert.equal(maySubscribe(eva, '$SYS/#', devices), 'deny');
  assert.ok(mayReceive(eva, 'devices/lamp/sensor', devices));
  assert.ok(!mayReceive(eva, 'devices/boiler/sensor', devices));
  assert.ok(!mayReceive(eva, 'devices/unpaired/sensor', devices));
  assert.equal(mayPublish(eva, 'devices/lamp/sensor'), 'deny');
  assert.equal(mayPublish(eva, 'home/x'), 'deny');
});

void test('an admin sees all but secrets, and no person publishes on the topics of devices', () => {
  const admin = person('ADMIN');
  assert.equal(maySubscribe(admin, '#', devices), 'allow');
  assert.equal(maySubscribe(admin, '$SYS/#', devices), 'allow');
  assert.ok(mayReceive(admin, 'devices/boiler/sensor', devices));
  assert.ok(!mayReceive(admin, 'devices/boiler/register/response', devices));
  assert.ok(!mayReceive(admin, 'devices/boiler/pair/request', devices));
  assert.equal(mayPublish(admin, 'home/x'), 'allow');
  assert.equal(mayPublish(admin, 'devices/boiler/command/request'), 'deny');
  assert.equal(mayPublish(admin, '$SYS/x/new/clients'), 'deny');
});

void test('an integration has its filters, never the topics of devices', () => {
  const zigbee = person('INTEGRATION', [], {
    publish: ['zigbee/#', 'devices/#'],
    subscribe: ['zigbee/#', '#'],
  });
  assert.equal(mayPublish(zigbee, 'zigbee/lamp'), 'allow');
  assert.equal(mayPublish(zigbee, 'other/lamp'), 'deny');
  assert.equal(mayPublish(zigbee, 'devices/lamp/sensor'), 'deny');
  assert.equal(maySubscribe(zigbee, 'zigbee/+', devices), 'allow');
  assert.equal(maySubscribe(zigbee, 'devices/#', devices), 'deny');
  assert.ok(!mayReceive(zigbee, 'devices/lamp/sensor', devices));
});
