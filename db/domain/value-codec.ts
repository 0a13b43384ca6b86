import type { Value } from './types.ts';

/** How a value came, so that it is given back exactly: "25.5" stays a string, and still counts as a number. */
export const KIND = { number: 0, boolean: 1, text: 2, numericText: 3, decoratedNumericText: 4 } as const;

export interface EncodedValue {
  kind: number;
  /** What can be counted: null for text alone. */
  num: number | null;
  /** Only what `num` cannot give back. */
  txt: string | null;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Numeric strings are at most this long; a longer one is text to us (a bar code, a card number). */
const MAX_NUMERIC_LENGTH = 32;

export function encodeValue(value: Value): EncodedValue {
  if (typeof value === 'number') return { kind: KIND.number, num: value, txt: null };
  if (typeof value === 'boolean') return { kind: KIND.boolean, num: value ? 1 : 0, txt: null };
  if (value.length > 0 && value.length <= MAX_NUMERIC_LENGTH && DECIMAL.test(value)) {
    const num = Number(value);
    if (Number.isFinite(num)) {
      return String(num) === value
        ? { kind: KIND.numericText, num, txt: null }
        : { kind: KIND.decoratedNumericText, num, txt: value };
    }
  }
  return { kind: KIND.text, num: null, txt: value };
}

export function decodeValue(kind: number, num: number | null, txt: string | null): Value {
  if (kind === KIND.number && num !== null) return num;
  if (kind === KIND.boolean) return num === 1;
  if (kind === KIND.numericText && num !== null) return String(num);
  return txt ?? '';
}
