import { CLOCK_TOLERANCE_MS, type Clock } from './clock.ts';
import { isDeviceId } from './device-id.ts';
import {
  checkedValue,
  isControlType,
  MAX_TYPE_LENGTH,
  MAX_UNIT_LENGTH,
  SEQ_RULE,
  seqOf,
  storableFault,
  timeOf,
} from './reading-rules.ts';
import { isLongerThan } from './text.ts';
import { CONTROL_TYPES, type ControlType, type Micros, type Value } from './types.ts';

export type ImportRefusal =
  | 'INVALID'
  | 'INVALID_TIMESTAMP'
  | 'UNKNOWN_DEVICE'
  | 'LIMIT_REACHED'
  | 'CONFLICT'
  | 'SUMMARISED';

/** One reading of an import that is not stored; the others are. */
export class ReadingRefused extends Error {
  readonly code: ImportRefusal;

  constructor(code: ImportRefusal, message: string) {
    super(message);
    this.name = 'ReadingRefused';
    this.code = code;
  }
}

export interface ImportedReading {
  deviceId: string;
  capabilityType: string;
  controlType: ControlType;
  unit: string | null;
  at: Micros;
  seq: number;
  value: Value;
}

const FIELDS = new Set(['device_id', 'capability_type', 'control_type', 'unit', 'at', 'seq', 'value']);

const invalid = (message: string) => new ReadingRefused('INVALID', message);

function fieldsOf(given: unknown): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('a reading must be a JSON object');
  }
  for (const name of Object.keys(given)) if (!FIELDS.has(name)) throw invalid(`there is no field ${name}`);
  return given as Record<string, unknown>;
}

function textOf(given: unknown, name: string, max: number): string {
  const isText = typeof given === 'string' && given.trim() !== '' && !isLongerThan(given, max);
  if (!isText) throw invalid(`${name} must be text of 1 to ${max} characters`);
  const fault = storableFault(given);
  if (fault !== null) throw invalid(`${name} ${fault}`);
  return given;
}

function unitOf(given: unknown): string | null {
  if (given === undefined || given === null || given === '') return null;
  return textOf(given, 'unit', MAX_UNIT_LENGTH);
}

function controlTypeOf(given: unknown): ControlType {
  if (given === undefined || given === null) return 'sensor';
  if (given === 'heartbeat') throw invalid('a heartbeat is no reading that is kept');
  if (typeof given === 'string' && isControlType(given)) return given;
  throw invalid(
    `control_type must be one of ${CONTROL_TYPES.filter((type) => type !== 'heartbeat').join(', ')}`,
  );
}

function sequenceOf(given: unknown): number {
  const seq = seqOf(given);
  if (seq === null) throw invalid(SEQ_RULE);
  return seq;
}

function momentOf(given: unknown): Micros {
  const at = timeOf(given);
  if (at !== null) return at;
  throw invalid('at must be an RFC 3339 time of the years 1970 to 2200, such as 2026-01-15T10:30:00.000Z');
}

/** A reading as `POST /api/import` takes it, held to what a device's must be but for its age. Throws ReadingRefused. */
export function parseImported(given: unknown): ImportedReading {
  const fields = fieldsOf(given);
  const { device_id: deviceId } = fields;
  if (typeof deviceId !== 'string' || !isDeviceId(deviceId)) {
    throw invalid('device_id must be 1 to 64 of A-Z a-z 0-9 . _ : -');
  }
  return {
    deviceId,
    capabilityType: textOf(fields.capability_type, 'capability_type', MAX_TYPE_LENGTH),
    controlType: controlTypeOf(fields.control_type),
    unit: unitOf(fields.unit),
    at: momentOf(fields.at),
    seq: sequenceOf(fields.seq),
    value: checkedValue(fields.value, (fault) => invalid(`value ${fault}`)),
  };
}

/** By a clock that is plainly wrong nothing is refused. Throws ReadingRefused. */
export function checkNotAhead(at: Micros, clock: Pick<Clock, 'now' | 'trusted'>): void {
  if (!clock.trusted() || at <= (clock.now() + CLOCK_TOLERANCE_MS) * 1000) return;
  throw new ReadingRefused('INVALID_TIMESTAMP', 'the time is more than 5 minutes ahead');
}
