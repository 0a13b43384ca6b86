import type { Micros } from './types.ts';
import type { EncodedValue } from './value-codec.ts';

/** A reading of one widget as it is stored. */
export interface Row extends EncodedValue {
  at: Micros;
  seq: number;
}

/** Where a reading stands among those of its widget. */
export interface ReadingKey {
  at: Micros;
  seq: number;
}

export const compareKeys = (a: ReadingKey, b: ReadingKey): number => a.at - b.at || a.seq - b.seq;

/** The same value, told in the same way. −0 is not 0. */
export const sameValue = (a: EncodedValue, b: EncodedValue): boolean =>
  a.kind === b.kind && Object.is(a.num, b.num) && a.txt === b.txt;
