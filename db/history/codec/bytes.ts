import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** A packed column larger than this is damaged: 16,384 texts of 4,096 characters fit. */
const MAX_UNPACKED = 256 * 1024 * 1024;
/** Eight bytes of seven bits each hold every number that is written. */
const MAX_SCALE = 128 ** 7;
/** Below this deflate gains nothing. */
const MIN_DEFLATED = 24;
const PLAIN = 0;
const DEFLATED = 1;

/** Bytes that grow. Numbers go as LEB128 varints: small ones take one byte. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(1024);
  #at = 0;

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  /** A whole number from 0 to 2^53 − 1. */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** A whole number between −2^52 and 2^52. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** What was written, deflated when that is smaller. */
  packed(): Buffer {
    const plain = this.#bytes.subarray(0, this.#at);
    if (plain.length >= MIN_DEFLATED) {
      const deflated = deflateRawSync(plain);
      if (deflated.length < plain.length) return Buffer.concat([Buffer.of(DEFLATED), deflated]);
    }
    return Buffer.concat([Buffer.of(PLAIN), plain]);
  }
}

/**
 * Reads what a `ByteWriter` packed. Throws an Error on damaged bytes wherever it can tell: what passes for other readings is
 * written back in their place as soon as one comes late.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(packed: Uint8Array) {
    const form = packed[0];
    if (form !== PLAIN && form !== DEFLATED) throw new RangeError('packed data of an unknown form');
    const body = packed.subarray(1);
    this.#bytes = form === DEFLATED ? inflateRawSync(body, { maxOutputLength: MAX_UNPACKED }) : body;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError('packed data ends too early');
    return value;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= MAX_SCALE; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError('packed data has a number that does not end');
  }

  /** Which of the forms from 0 to `last` follows. */
  form(last: number): number {
    const form = this.byte();
    if (form > last) throw new RangeError(`packed data of an unknown form (${form})`);
    return form;
  }

  /** All has been read. */
  end(): void {
    if (this.left > 0) throw new RangeError('packed data goes on after its end');
  }

  /** A number of things that follow, or that others tell of: `most` of them at most. */
  count(most: number): number {
    const value = this.varint();
    if (value > most)
      throw new RangeError(`packed data tells of ${value} things where there are ${most} at most`);
    return value;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  raw(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('packed data ends too early');
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  text(): string {
    const bytes = this.raw(this.varint());
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }
}
