import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandResult, parsePairAnswer } from '../../broker/messages/answers.ts';
import { parseFields } from '../../broker/messages/json.ts';
import { parseReadings } from '../../broker/messages/reading.ts';
import { parseRegistration } from '../../broker/messages/registration.ts';
import type { Refusal } from '../../broker/refusal.ts';
import type { RefusalReason } from '../../db/domain/flow-reasons.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const refuses = (reason: RefusalReason, message: RegExp, act: () => unknown) =>
  assert.throws(act, (error: Refusal) => {
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  });

void test('only a UTF-8 JSON object of at most 64 KiB and 8 levels is read', () => {
  assert.deepEqual(parseFields(bytes({ a: 1 })), { a: 1 });
  refuses('bad_json', /not JSON/, () => parseFields(bytes('{"a":')));
  refuses('bad_json', /not JSON/, () => parseFields(bytes('')));
  refuses('bad_json', /UTF-8/, () => parseFields(Buffer.from([0x7b, 0xff, 0x7d])));
  refuses('bad_field', /object/, () => parseFields(bytes('[1]')));
  refuses('bad_field', /object/, () => parseFields(bytes('null')));
  refuses('too_large', /65537/, () => parseFields(Buffer.alloc(65_537, 0x20)));
  refuses('too_deep', /8 levels/, () => parseFields(bytes(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`)));
  refuses('too_deep', /8 levels/, () => parseFields(bytes('['.repeat(60_000))));
  assert.deepEqual(parseFields(bytes({ a: '[[[[[[[[[[{{{{"\\' })), { a: '[[[[[[[[[[{{{{"\\' });
});

const reading = { capability_type: 'temperature', control_type: 'sensor', value: '25.5' };

void test('a reading keeps its value as it was sent, with microseconds and seq', () => {
  const [parsed] = parseReadings({
    ...reading,
    timestamp: '2026-01-15T10:30:00.123456Z',
    seq: 17,
    unit: '°C',
  });
  assert.deepEqual(parsed, {
    capabilityType: 'temperature',
    controlType: 'sensor',
    value: '25.5',
    unit: '°C',
    at: Date.UTC(2026, 0, 15, 10, 30, 0, 123) * 1000 + 456,
    seq: 17,
  });
  for (const value of [0, -1.5, true, false, '', 'ON'])
    assert.equal(parseReadings({ ...reading, value })[0]?.value, value);
});

void test('each missing or bad field of a reading is named', () => {
  for (const name of ['capability_type', 'control_type', 'value']) {
    refuses('missing_field', new RegExp(`${name} is required`), () =>
      parseReadings({ ...reading, [name]: undefined }),
    );
  }
  refuses('unknown_type', /control_type must be one of/, () =>
    parseReadings({ ...reading, control_type: 'lever' }),
  );
  refuses('bad_field', /value must be/, () => parseReadings({ ...reading, value: { a: 1 } }));
  refuses('bad_field', /value must be/, () => parseReadings({ ...reading, value: null }));
  refuses('bad_field', /finite/, () =>
    parseReadings(parseFields(bytes(JSON.stringify(reading).replace('"25.5"', '1e999')))),
  );
  refuses('bad_field', /U\+0000/, () => parseReadings({ ...reading, value: 'a\u0000' }));
  refuses('bad_field', /valid text/, () => parseReadings({ ...reading, value: '\ud800' }));
  refuses('bad_field', /RFC 3339/, () => parseReadings({ ...reading, timestamp: 'yesterday' }));
  refuses('bad_field', /RFC 3339/, () => parseReadings({ ...reading, timestamp: '2026-02-30T00:00:00Z' }));
  for (const seq of [-1, 1.5, '1', 2 ** 53])
    refuses('bad_field', /seq/, () => parseReadings({ ...reading, seq }));
});

void test('a batch has 1 to 500 readings and lends them its timestamp', () => {
  const timestamp = '2026-01-15T10:30:00Z';
  const parsed = parseReadings({
    timestamp,
    readings: [reading, { ...reading, timestamp: '2026-01-15T10:31:00Z' }],
  });
  assert.deepEqual(
    parsed.map(({ at }) => at),
    [Date.UTC(2026, 0, 15, 10, 30) * 1000, Date.UTC(2026, 0, 15, 10, 31) * 1000],
  );
  refuses('bad_field', /list of readings/, () => parseReadings({ readings: [] }));
  refuses('bad_field', /list of readings/, () => parseReadings({ readings: 'x' }));
  refuses('limit', /501/, () => parseReadings({ readings: Array.from({ length: 501 }, () => reading) }));
  refuses('missing_field', /readings\[1\]: value is required/, () =>
    parseReadings({ readings: [reading, { ...reading, value: undefined }] }),
  );
});

const registration = { device_id: 'lamp', device_name: 'Lamp', device_type: 'smart_light' };

void test('a registration names what is missing or wrong', () => {
  for (const name of ['device_id', 'device_name', 'device_type']) {
    refuses('missing_field', new RegExp(`^${name} is required$`), () =>
      parseRegistration({ ...registration, [name]: undefined }),
    );
  }
  refuses('bad_field', /device_id/, () => parseRegistration({ ...registration, device_id: '__proto__' }));
  refuses('bad_field', /device_name/, () =>
    parseRegistration({ ...registration, device_name: 'x'.repeat(101) }),
  );
  refuses('bad_field', /device_type/, () =>
    parseRegistration({ ...registration, device_type: 'x'.repeat(51) }),
  );
  refuses('unknown_type', /capabilities\[0\]/, () =>
    parseRegistration({ ...registration, capabilities: [{ capability_type: 'x', control_type: 'lever' }] }),
  );
  refuses('bad_field', /min must not be above max/, () =>
    parseRegistration({
      ...registration,
      capabilities: [{ capability_type: 'x', control_type: 'slider', min: 2, max: 1 }],
    }),
  );
});

void test('a capability that is listed twice counts once, as listed last', () => {
  const { capabilities } = parseRegistration({
    ...registration,
    capabilities: [
      { capability_type: 'b', control_type: 'slider', max: 10 },
      { capability_type: 'b', control_type: 'slider', max: 20 },
      { capability_type: 'b', control_type: 'sensor' },
    ],
  });
  assert.deepEqual(
    capabilities.map(({ controlType, max }) => [controlType, max]),
    [
      ['slider', 20],
      ['sensor', null],
    ],
  );
});

void test('answers of devices are success or error', () => {
  assert.deepEqual(parseCommandResult({ status: 'success', value: 'ON' }), {
    status: 'success',
    value: 'ON',
  });
  assert.deepEqual(parseCommandResult({ status: 'success' }), { status: 'success' });
  assert.deepEqual(parseCommandResult({ status: 'error', message: 'jammed' }), {
    status: 'error',
    message: 'jammed',
  });
  refuses('unknown_type', /status/, () => parseCommandResult({ status: 'maybe' }));
  refuses('missing_field', /status is required/, () => parsePairAnswer({}));
  assert.deepEqual(parsePairAnswer({ status: 'error', message: 'no' }), {
    outcome: 'rejected',
    message: 'no',
  });
});
