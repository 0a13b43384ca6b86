import type { ByteReader, ByteWriter } from './bytes.ts';

/** How a column of numbers is written. */
const DECIMAL = 0;
const FLOAT32 = 1;
const FLOAT64 = 2;
const MAX_DIGITS = 9;
/** Differences of whole numbers below this, and what zigzag makes of them, stay exact. */
const MAX_WHOLE = 2 ** 50;

const POWERS = Array.from({ length: MAX_DIGITS + 1 }, (_, digits) => 10 ** digits);
const power = (digits: number): number => POWERS[digits] ?? Number.NaN;

/**
 * Digits after the point that all of the numbers need, so that each is a whole number of that unit and comes back bit
 * by bit; null when there is no such unit.
 */
export function decimalDigits(values: readonly number[]): number | null {
  let digits = 0;
  for (const value of values) {
    while (digits <= MAX_DIGITS && Math.round(value * power(digits)) / power(digits) !== value) digits++;
    if (digits > MAX_DIGITS) return null;
  }
  const unit = power(digits);
  // A number that fitted fewer digits may not fit more: beyond 2^53 products are rounded.
  for (const value of values) {
    // Of −0 the sign would be lost: here it becomes 0, which is another.
    const whole = Math.round(value * unit) + 0;
    if (Math.abs(whole) > MAX_WHOLE || !Object.is(whole / unit, value)) return null;
  }
  return digits;
}

function writeFloats(out: ByteWriter, values: readonly number[], width: 4 | 8): void {
  const bytes = Buffer.alloc(values.length * width);
  for (const [i, value] of values.entries()) {
    if (width === 8) bytes.writeDoubleLE(value, i * 8);
    else bytes.writeFloatLE(value, i * 4);
  }
  // The first bytes of all, then the second ones: those that hardly change come together, and deflate finds them.
  const planes = Buffer.alloc(bytes.length);
  for (let i = 0; i < values.length; i++) {
    for (let plane = 0; plane < width; plane++) {
      planes[plane * values.length + i] = bytes[i * width + plane] ?? 0;
    }
  }
  out.raw(planes);
}

function readFloats(from: ByteReader, count: number, width: 4 | 8): number[] {
  const planes = from.raw(count * width);
  const bytes = Buffer.alloc(planes.length);
  for (let i = 0; i < count; i++) {
    for (let plane = 0; plane < width; plane++) bytes[i * width + plane] = planes[plane * count + i] ?? 0;
  }
  return Array.from({ length: count }, (_, i) => {
    const value = width === 8 ? bytes.readDoubleLE(i * 8) : bytes.readFloatLE(i * 4);
    if (!Number.isFinite(value)) throw new RangeError('packed data has a number that is none');
    return value;
  });
}

/** Numbers, exactly, −0 and the smallest ones included. Their count is not written. */
export function writeNumbers(out: ByteWriter, values: readonly number[]): void {
  const digits = decimalDigits(values);
  if (digits !== null) {
    out.byte(DECIMAL);
    out.byte(digits);
    let before = 0;
    for (const value of values) {
      const whole = Math.round(value * power(digits));
      out.signed(whole - before);
      before = whole;
    }
    return;
  }
  const narrow = values.every((value) => Object.is(Math.fround(value), value));
  out.byte(narrow ? FLOAT32 : FLOAT64);
  writeFloats(out, values, narrow ? 4 : 8);
}

export function readNumbers(from: ByteReader, count: number): number[] {
  const mode = from.form(FLOAT64);
  if (mode !== DECIMAL) return readFloats(from, count, mode === FLOAT32 ? 4 : 8);
  const unit = power(from.form(MAX_DIGITS));
  let whole = 0;
  return Array.from({ length: count }, () => {
    whole += from.signed();
    if (Math.abs(whole) > MAX_WHOLE) throw new RangeError('packed data has a number that is too large');
    return whole / unit;
  });
}

/** Whole numbers from 0 to 2^53 − 1 that are often all the same, or grow by the same. */
export function writeWholes(out: ByteWriter, values: readonly number[]): void {
  const [first = 0] = values;
  const same = values.every((value) => value === first);
  const small = values.every((value) => value < MAX_WHOLE);
  out.byte(same ? 0 : small ? 1 : 2);
  if (same) {
    out.varint(first);
    return;
  }
  let before = 0;
  for (const value of values) {
    if (small) out.signed(value - before);
    else out.varint(value);
    before = value;
  }
}

export function readWholes(from: ByteReader, count: number): number[] {
  const mode = from.form(2);
  if (mode === 0) return new Array<number>(count).fill(from.varint());
  let before = 0;
  return Array.from({ length: count }, () => {
    before = mode === 1 ? before + from.signed() : from.varint();
    if (before < 0) throw new RangeError('packed data has a number below 0');
    return before;
  });
}

/** Ascending whole numbers: the changes of their distances, since devices report at a steady pace. */
export function writeTimes(out: ByteWriter, times: readonly number[]): void {
  const unit = [1_000_000, 1000].find((step) => times.every((time) => time % step === 0)) ?? 1;
  out.varint(unit);
  let before = 0;
  let distance = 0;
  for (const time of times) {
    const next = time / unit - before;
    out.signed(next - distance);
    distance = next;
    before += next;
  }
}

export function readTimes(from: ByteReader, count: number): number[] {
  const unit = from.varint();
  let time = 0;
  let distance = 0;
  return Array.from({ length: count }, () => {
    distance += from.signed();
    time += distance;
    return time * unit;
  });
}

/** Texts, each told once: 0 brings a new one, n repeats the n-th. */
export function writeTexts(out: ByteWriter, texts: readonly string[]): void {
  const known = new Map<string, number>();
  for (const text of texts) {
    const index = known.get(text);
    out.varint(index ?? 0);
    if (index !== undefined) continue;
    out.text(text);
    known.set(text, known.size + 1);
  }
}

export function readTexts(from: ByteReader, count: number): string[] {
  const known: string[] = [];
  return Array.from({ length: count }, () => {
    const index = from.varint();
    if (index > 0) {
      const again = known[index - 1];
      if (again === undefined) throw new RangeError('packed data repeats a text that was not told');
      return again;
    }
    const text = from.text();
    known.push(text);
    return text;
  });
}
