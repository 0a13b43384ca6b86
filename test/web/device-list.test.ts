import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device, Widget } from '../../web/client/index.ts';
import { cardsOf, firstChoice, placesBehind } from '../../web/state/cards-of-device.ts';
import { deviceLists, isNew, keptFilter, NO_FILTER } from '../../web/state/device-list.ts';
import { refusalCode, rightPayload } from '../../web/state/refusal-help.ts';

const device = (device_id: string, more: Partial<Device> = {}): Device => ({
  device_id,
  device_name: device_id,
  device_type: 'smart_light',
  version: null,
  manufacturer: null,
  room_id: 1,
  status: 'online',
  connected: true,
  revoked: false,
  last_heartbeat: null,
  created_at: '2026-01-01T00:00:00Z',
  ...more,
});

const compare = (a: string, b: string) => a.localeCompare(b);
const idsOf = (devices: readonly Device[]) => devices.map(({ device_id }) => device_id);

void test('unpaired devices come newest first, the others by name', () => {
  const devices = [
    device('b', { device_name: 'Beta' }),
    device('old', { room_id: null }),
    device('a', { device_name: 'Alpha', room_id: 2 }),
    device('new', { room_id: null, created_at: '2026-01-02T00:00:00Z' }),
  ];
  const { unpaired, paired } = deviceLists(devices, NO_FILTER, compare);
  assert.deepEqual(
    [idsOf(unpaired), idsOf(paired)],
    [
      ['new', 'old'],
      ['a', 'b'],
    ],
  );
});

void test('a filter narrows by room, by state and by every word', () => {
  const devices = [
    device('lamp-1', { device_name: 'Kitchen lamp', manufacturer: 'Acme' }),
    device('lamp-2', { room_id: 2, status: 'offline' }),
    device('lamp-3', { room_id: null }),
  ];
  const found = (filter: Partial<typeof NO_FILTER>) => {
    const { unpaired, paired } = deviceLists(devices, { ...NO_FILTER, ...filter }, compare);
    return idsOf([...unpaired, ...paired]);
  };
  assert.deepEqual(found({ room: 2 }), ['lamp-2']);
  assert.deepEqual(found({ room: 'none' }), ['lamp-3']);
  assert.deepEqual(found({ status: 'offline' }), ['lamp-2']);
  assert.deepEqual(found({ search: ' ACME kitchen ' }), ['lamp-1']);
  assert.deepEqual(found({ search: 'acme 2' }), []);
});

void test('a filter that was kept is read as far as it means something', () => {
  assert.deepEqual(keptFilter('{"search":"x","room":3,"status":"online"}'), {
    search: 'x',
    room: 3,
    status: 'online',
  });
  for (const text of [null, 'null', '{', '{"search":1,"room":"x","status":0}']) {
    assert.deepEqual(keptFilter(text), NO_FILTER);
  }
});

void test('a device is new for a day, until it has a room', () => {
  const at = (hours: number) => Date.parse('2026-01-01T00:00:00Z') + hours * 3_600_000;
  assert.ok(isNew(device('d', { room_id: null }), at(23)));
  assert.ok(!isNew(device('d', { room_id: null }), at(25)));
  assert.ok(!isNew(device('d'), at(1)));
});

const widget = (widget_id: number, more: Partial<Widget> = {}): Widget => ({
  widget_id,
  name: `w${widget_id}`,
  order: 0,
  status: 'exclude',
  value: null,
  value_at: null,
  pending: null,
  unit: null,
  min: null,
  max: null,
  options: null,
  device: { device_id: 'd', device_name: 'd', status: 'online' },
  capability: { capability_type: 't', control_type: 'sensor' },
  room_id: 1,
  ...more,
});

void test('all cards are ticked at first, but what was chosen before stays chosen', () => {
  assert.deepEqual([...firstChoice([widget(1), widget(2)])], [1, 2]);
  assert.deepEqual([...firstChoice([widget(1), widget(2, { status: 'include' })])], [2]);
  const heartbeat = widget(3, { capability: { capability_type: 'status', control_type: 'heartbeat' } });
  assert.deepEqual(
    cardsOf(device('d', { widgets: [widget(1), heartbeat] })).map(({ widget_id }) => widget_id),
    [1],
  );
});

void test('cards are put behind those of other devices, which are left alone', () => {
  const mine = [widget(1, { order: 9 }), widget(2)];
  const room = [...mine, widget(5, { order: 4 }), widget(6, { order: -2 })];
  assert.deepEqual(placesBehind(mine, new Set([2]), room), [
    { widget_id: 1, order: 5, status: 'exclude' },
    { widget_id: 2, order: 6, status: 'include' },
  ]);
  assert.equal(placesBehind(mine, new Set(), mine)[0]?.order, 0);
  const last = placesBehind(mine, new Set(), [widget(7, { order: 1_000_000 })]);
  assert.ok(last.every(({ order }) => order === 1_000_000));
});

void test('help with a refusal is by its topic and its code', () => {
  const now = '2026-01-15T10:30:00.000Z';
  const right = (topic: string) => JSON.parse(rightPayload(topic, now) ?? 'null');
  assert.equal(right('devices/x/sensor').timestamp, now, 'an older one might be refused itself');
  assert.equal(right('devices/register').device_id, 'lamp');
  assert.deepEqual(right('devices/~abc/command/response'), { status: 'success', value: 'ON' });
  assert.deepEqual(right('devices/x/pair/response'), { status: 'success' });
  assert.equal(right('devices/x'), null);
  assert.equal(refusalCode('CONFLICT'), 'CONFLICT');
  assert.equal(refusalCode('toString'), null);
});
