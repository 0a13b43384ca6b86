import { isStorableText } from './text.ts';
import { parseTime } from './time.ts';
import { CONTROL_TYPES, type ControlType, type Micros, type Value } from './types.ts';

/** Characters of the name of a capability, and of a unit. */
export const MAX_TYPE_LENGTH = 100;
export const MAX_UNIT_LENGTH = 32;
/** UTF-16 units of a text that may be sent to a device or kept of it. */
export const MAX_TEXT = 4096;

const KNOWN_CONTROL_TYPES: ReadonlySet<string> = new Set(CONTROL_TYPES);

export const isControlType = (name: string): name is ControlType => KNOWN_CONTROL_TYPES.has(name);

/** What is wrong with a text, as the end of a sentence about it; null: nothing. */
export const storableFault = (text: string): string | null =>
  isStorableText(text) ? null : 'must be valid text without U+0000';

/** What is wrong with a text as a value; null: nothing. */
export const textFault = (text: string): string | null =>
  text.length > MAX_TEXT ? `must be at most ${MAX_TEXT} characters long` : storableFault(text);

/** What is wrong with a value that was given, as the end of a sentence about it; null: it can be kept. */
export function valueFault(given: unknown): string | null {
  if (typeof given === 'string') return textFault(given);
  if (typeof given === 'boolean') return null;
  // JSON.parse reads 1e999 as Infinity.
  if (typeof given === 'number' && Number.isFinite(given)) return null;
  return 'must be a string, a finite number or a boolean';
}

/** A value that was given, held to what can be kept. `refuse` is told what is wrong, as the end of a sentence about it. */
export function checkedValue(given: unknown, refuse: (fault: string) => Error): Value {
  const fault = valueFault(given);
  if (fault !== null) throw refuse(fault);
  return given as Value;
}

export const SEQ_RULE = `seq must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`;

/** A sequence number that was given, 0 when it was not; null: it is none. */
export function seqOf(given: unknown): number | null {
  if (given === undefined || given === null) return 0;
  return typeof given === 'number' && Number.isSafeInteger(given) && given >= 0 ? given : null;
}

/** A time that was given as RFC 3339; null: it is none. */
export const timeOf = (given: unknown): Micros | null =>
  typeof given === 'string' ? parseTime(given) : null;
