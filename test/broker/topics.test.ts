import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers, matches, parseUplink } from '../../broker/topics.ts';
import { isDeviceId } from '../../db/domain/device-id.ts';
import { isTopicFilter } from '../../db/domain/topic-filter.ts';

void test('device ids are 1 to 64 safe characters and no name of Object.prototype', () => {
  for (const id of ['a', 'ESP32-12345678', 'a.b_c:d-9', 'x'.repeat(64)]) assert.ok(isDeviceId(id), id);
  for (const id of [
    '',
    'x'.repeat(65),
    'a/b',
    'a+b',
    'a#',
    '~x',
    'ä',
    'a b',
    '__proto__',
    'constructor',
    'toString',
  ]) {
    assert.ok(!isDeviceId(id), id);
  }
});

void test('both spellings of what a device publishes are understood, and nothing else is', () => {
  assert.deepEqual(parseUplink('devices/register'), { kind: 'register', id: '' });
  assert.deepEqual(parseUplink('devices/d1/sensor'), { kind: 'sensor', id: 'd1' });
  assert.deepEqual(parseUplink('device/d1/sensor'), { kind: 'sensor', id: 'd1' });
  assert.deepEqual(parseUplink('device/d1/response'), { kind: 'command_response', id: 'd1' });
  assert.deepEqual(parseUplink('devices/~c/command/response'), { kind: 'command_response', id: '~c' });
  for (const topic of [
    'devices',
    'devices/d1',
    'devices//sensor',
    'devices/d1/sensor/x',
    'devices/d1/__proto__',
    'devices/d1/constructor',
    'device/d1/pair/response',
    'other/d1/sensor',
  ]) {
    assert.equal(parseUplink(topic), null, topic);
  }
});

void test('filters that MQTT 3.1.1 forbids are not valid', () => {
  for (const filter of ['#', '+', 'a/+/b', 'a/#', '/', '+/+/#', '$SYS/#'])
    assert.ok(isTopicFilter(filter), filter);
  for (const filter of ['', 'a#', 'a+', '#/a', 'a/#/b', 'a/b+', 'a\u0000b']) {
    assert.ok(!isTopicFilter(filter), JSON.stringify(filter));
  }
});

void test('a filter covers another only if it matches every topic of it', () => {
  assert.ok(covers('zigbee/#', 'zigbee/a/+'));
  assert.ok(covers('zigbee/#', 'zigbee'));
  assert.ok(covers('a/+', 'a/b'));
  assert.ok(!covers('a/+', 'a/#'));
  assert.ok(!covers('a/b', 'a/+'));
  assert.ok(!covers('zigbee/+', 'zigbee/a/b'));
  assert.ok(!matches('#', '$SYS/x'));
  assert.ok(!matches('+/x', '$SYS/x'));
});
