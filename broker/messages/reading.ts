import {
  checkedValue,
  isControlType,
  MAX_TYPE_LENGTH,
  MAX_UNIT_LENGTH,
  SEQ_RULE,
  seqOf,
  timeOf,
} from '../../db/domain/reading-rules.ts';
import { CONTROL_TYPES, type ControlType, type Micros, type Value } from '../../db/domain/types.ts';
import { Refusal } from '../refusal.ts';
import { asFields, type Fields, optionalText, requiredText } from './json.ts';

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

export function controlTypeOf(fields: Fields): ControlType {
  const name = requiredText(fields, 'control_type', MAX_TYPE_LENGTH);
  if (isControlType(name)) return name;
  throw new Refusal('unknown_type', `control_type must be one of ${CONTROL_TYPES.join(', ')}`);
}

export function scalarOf(value: unknown, name: string): Value {
  if (value === undefined) throw new Refusal('missing_field', `${name} is required`);
  return checkedValue(value, (fault) => new Refusal('bad_field', `${name} ${fault}`));
}

function timestampOf({ timestamp }: Fields, fallback: Micros | null): Micros | null {
  if (timestamp === undefined || timestamp === null) return fallback;
  const at = timeOf(timestamp);
  if (at !== null) return at;
  throw new Refusal('bad_field', 'timestamp must be an RFC 3339 time such as 2026-01-15T10:30:00.000Z');
}

function sequenceOf({ seq: given }: Fields): number {
  const seq = seqOf(given);
  if (seq === null) throw new Refusal('bad_field', SEQ_RULE);
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
    at: timestampOf(fields, batchTime),
    seq: sequenceOf(fields),
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
  const batchTime = timestampOf(fields, null);
  return readings.map((reading: unknown, i) => {
    try {
      return readingOf(asFields(reading, 'a reading'), batchTime);
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(error.reason, `readings[${i}]: ${error.message}`);
      throw error;
    }
  });
}
