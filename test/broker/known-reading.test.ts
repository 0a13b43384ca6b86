import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownReading } from '../../broker/handlers/known-reading.ts';
import { parseReadings } from '../../broker/messages/reading.ts';
import { lonelyDevice } from '../helpers/live-device.ts';
import { randomOf } from '../helpers/random.ts';

const { registry, device } = lonelyDevice();
const widget = (id: number, capabilityType: string, controlType: 'sensor' | 'text') =>
  registry.putWidget({
    id,
    devicePk: 1,
    name: 'w',
    order: 0,
    status: 'include',
    capability: { capabilityType, controlType, unit: '°C', min: null, max: null, options: null },
  });
const widgets = [widget(1, 'temperature', 'sensor'), widget(2, 'note', 'text'), widget(3, 'a/b', 'sensor')];

void test('a reading that is known is the same as on the long way, and what is refused there is not known', () => {
  const random = randomOf(20_261_129);
  const mostly = (good: readonly unknown[], bad: readonly unknown[]) =>
    random.pick(random.below(10) === 0 ? bad : good);
  let known = 0;
  for (let round = 0; round < 5000; round++) {
    const all: Record<string, unknown> = {
      capability_type: mostly(['temperature', 'note', 'a/b'], ['b', '', ' ', 5, null, 'x'.repeat(101)]),
      control_type: mostly(['sensor', 'text'], ['sensor/a', 'heartbeat', 'lever', null]),
      value: mostly([21.5, true, 'ON'], ['\u0000', '\ud800', 'x'.repeat(4097), null, {}, 1 / 0]),
      unit: mostly(['°C', null], ['°F', 5, 'x'.repeat(33), '\u0000']),
      timestamp: mostly(['2026-01-15T10:30:00.123456Z', null], ['yesterday', 5]),
      seq: mostly([0, 17, null], [-1, 1.5, '3']),
      readings: random.pick([[], [{}], null]),
    };
    const fields = Object.fromEntries(Object.entries(all).filter(() => random.below(5) > 0));
    const found = knownReading(device, fields);
    if (found === null) continue;
    known++;
    const { capability } = found.widget;
    const expected = {
      capabilityType: capability.capabilityType,
      controlType: capability.controlType,
      value: found.value,
      at: found.at,
      seq: found.seq,
    };
    const [{ unit: _, ...parsed } = {}] = parseReadings(fields);
    assert.deepEqual(parsed, expected);
    assert.ok(widgets.includes(found.widget));
  }
  assert.ok(known > 500, `only ${known} of them were known`);
});

void test('names of one pair that together look like another pair are not taken for it', () => {
  const fields = { capability_type: 'b', control_type: 'sensor/a', value: 1 };
  assert.equal(knownReading(device, fields), null);
});
