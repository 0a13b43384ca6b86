import { MAX_TEXT } from '../../db/domain/command-value.ts';
import { MAX_TYPE_LENGTH, MAX_UNIT_LENGTH } from '../../db/domain/reading-limits.ts';
import { parseTime } from '../../db/domain/time.ts';
import { CONTROL_TYPES, type ControlType, type Micros, type Value } from '../../db/domain/types.ts';
import { Refusal } from '../refusal.ts';
import { asFields, type Fields, optionalText, requiredText, storable } from './json.ts';

export const MAX_BATCH = 500;

/** One reading as a device sent it. */
export interface SentReading {
  capabilityType: string;
  controlType: ControlType;
  value: Value;
  unit: string | null;
  /** null: the time of arrival. */
  at: Micros | null;
  seq: number;
}

const KNOWN_CONTROL_TYPES: ReadonlySet<string> = new Set(CONTROL_TYPES);

export function controlTypeOf(fields: Fields): ControlType {
  const name = requiredText(fields, 'control_type', MAX_TYPE_LENGTH);
  if (!KNOWN_CONTROL_TYPES.has(name)) {
    throw new Refusal('unknown_type', `control_type must be one of ${CONTROL_TYPES.join(', ')}`);
  }
  return name as ControlType;
}

export function scalarOf(value: unknown, name: string): Value {
  if (typeof value === 'string') {
    if (value.length > MAX_TEXT) {
      throw new Refusal('bad_field', `${name} must be at most ${MAX_TEXT} characters long`);
    }
    return storable(value, name);
  }
  if (typeof value === 'boolean') return value;
  // JSON.parse reads 1e999 as Infinity.
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value === undefined) throw new Refusal('missing_field', `${name} is required`);
  throw new Refusal('bad_field', `${name} must be a string, a finite number or a boolean`);
}

function timeOf(fields: Fields, fallback: Micros | null): Micros | null {
  const { timestamp } = fields;
  if (timestamp === undefined || timestamp === null) return fallback;
  const at = typeof timestamp === 'string' ? parseTime(timestamp) : null;
  if (at === null) {
    throw new Refusal('bad_field', 'timestamp must be an RFC 3339 time such as 2026-01-15T10:30:00.000Z');
  }
  return at;
}

function seqOf({ seq }: Fields): number {
  if (seq === undefined || seq === null) return 0;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) {
    throw new Refusal('bad_field', 'seq must be a whole number from 0 to 9007199254740991');
  }
  return seq;
}

function readingOf(fields: Fields, batchTime: Micros | null): SentReading {
  const capabilityType = requiredText(fields, 'capability_type', MAX_TYPE_LENGTH);
  const controlType = controlTypeOf(fields);
  return {
    capabilityType,
    controlType,
    // A heartbeat stores nothing, so that nothing depends on its value.
    value: controlType === 'heartbeat' && fields.value === undefined ? '' : scalarOf(fields.value, 'value'),
    unit: optionalText(fields, 'unit', MAX_UNIT_LENGTH),
    at: timeOf(fields, batchTime),
    seq: seqOf(fields),
  };
}

/** A reading, a batch of readings or a heartbeat, in the order sent. Throws a Refusal. */
export function parseReadings(fields: Fields): SentReading[] {
  const { readings } = fields;
  if (readings === undefined || Object.hasOwn(fields, 'capability_type')) return [readingOf(fields, null)];
  if (!Array.isArray(readings) || readings.length === 0) {
    throw new Refusal('bad_field', 'readings must be a list of readings');
  }
  if (readings.length > MAX_BATCH) {
    throw new Refusal('limit', `a batch has at most ${MAX_BATCH} readings, this one has ${readings.length}`);
  }
  const batchTime = timeOf(fields, null);
  return readings.map((reading: unknown, i) => {
    try {
      return readingOf(asFields(reading, 'a reading'), batchTime);
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(error.reason, `readings[${i}]: ${error.message}`);
      throw error;
    }
  });
}
