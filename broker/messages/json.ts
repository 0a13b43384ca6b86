import { isUtf8 } from 'node:buffer';
import { storableFault } from '../../db/domain/reading-rules.ts';
import { isLongerThan } from '../../db/domain/text.ts';
import { Refusal } from '../refusal.ts';

/** Bytes of a payload under `devices/`. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;
const MAX_DEPTH = 8;

export type Fields = Record<string, unknown>;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const ASCII = 0;
const BEYOND_ASCII = 1;
const TOO_DEEP = 2;

/** One look at every byte. */
function scan(payload: Buffer): typeof ASCII | typeof BEYOND_ASCII | typeof TOO_DEEP {
  let depth = 0;
  let inText = false;
  let all = 0;
  for (let i = 0; i < payload.length; i++) {
    const byte = payload[i] ?? 0;
    all |= byte;
    if (inText) {
      if (byte === BACKSLASH) all |= payload[++i] ?? 0;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return TOO_DEEP;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
  }
  return all < 0x80 ? ASCII : BEYOND_ASCII;
}

/** The JSON object of a payload. Throws a Refusal for anything else. */
export function parseFields(payload: Buffer): Fields {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new Refusal(
      'too_large',
      `the payload has ${payload.length} bytes, ${MAX_PAYLOAD_BYTES} are allowed`,
    );
  }
  const found = scan(payload);
  if (found !== ASCII && !isUtf8(payload)) throw new Refusal('bad_json', 'the payload is not UTF-8');
  if (found === TOO_DEEP) {
    throw new Refusal('too_deep', `the payload is nested deeper than ${MAX_DEPTH} levels`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload.toString(found === ASCII ? 'latin1' : 'utf8'));
  } catch {
    throw new Refusal('bad_json', 'the payload is not JSON');
  }
  return asFields(parsed, 'the payload');
}

export function asFields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('bad_field', `${what} must be a JSON object`);
  }
  return value as Fields;
}

/** Names of `Object.prototype` are read as absent fields unless they were sent. */
function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** A required text of 1 to `max` characters. */
export function requiredText(fields: Fields, name: string, max: number): string {
  const value = field(fields, name);
  if (value === undefined || value === null) throw new Refusal('missing_field', `${name} is required`);
  if (typeof value !== 'string' || value.trim() === '' || isLongerThan(value, max)) {
    throw new Refusal('bad_field', `${name} must be text of 1 to ${max} characters`);
  }
  return storable(value, name);
}

/** null when absent or null. */
export function optionalText(fields: Fields, name: string, max: number): string | null {
  const value = field(fields, name);
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || isLongerThan(value, max)) {
    throw new Refusal('bad_field', `${name} must be text of at most ${max} characters`);
  }
  return storable(value, name);
}

export function optionalNumber(fields: Fields, name: string): number | null {
  const value = field(fields, name);
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new Refusal('bad_field', `${name} must be a number`);
  }
  return value;
}

export function storable(text: string, name: string): string {
  const fault = storableFault(text);
  if (fault !== null) throw new Refusal('bad_field', `${name} ${fault}`);
  return text;
}
