/** Packets written by hand: no encoder makes those that the standard forbids. */
export const TYPE = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
} as const;

type Part = Buffer | number[] | string;

const bytesOf = (part: Part): Buffer => (typeof part === 'string' ? field(part) : Buffer.from(part));

/** A string or binary field behind its length of two bytes. */
export function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([word(bytes.length), bytes]);
}

export const word = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

export function remainingLength(length: number): number[] {
  const digits: number[] = [];
  let left = length;
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    digits.push(left > 0 ? digit + 128 : digit);
  } while (left > 0);
  return digits;
}

/** `parts`: strings are fields, the rest stands as it is. */
export function packet(type: number, flags: number, ...parts: Part[]): Buffer {
  const body = Buffer.concat(parts.map(bytesOf));
  return Buffer.concat([Buffer.from([type * 16 + flags, ...remainingLength(body.length)]), body]);
}

/** Flags of CONNECT. */
export const FLAG = { reserved: 1, clean: 2, will: 4, willQos1: 8, willRetain: 32, password: 64, user: 128 };

export interface ConnectBytes {
  name?: string;
  level?: number;
  flags: number;
  keepalive?: number;
  payload: Part[];
}

export function connect({ name = 'MQTT', level = 4, flags, keepalive = 60, payload }: ConnectBytes): Buffer {
  return packet(TYPE.connect, 0, name, [level, flags], word(keepalive), ...payload);
}

/** Ill-formed UTF-8 and what else no string may hold. Section 1.5.3. */
export const BAD_STRINGS: [what: string, bytes: Buffer, statement: string][] = [
  ['U+0000', Buffer.from([0x61, 0x00, 0x62]), 'MQTT-1.5.3-2'],
  ['a surrogate', Buffer.from([0x61, 0xed, 0xa0, 0x80]), 'MQTT-1.5.3-1'],
  ['an overlong form', Buffer.from([0x61, 0xc0, 0xaf]), 'MQTT-1.5.3-1'],
  ['a cut sequence', Buffer.from([0x61, 0xe2, 0x82]), 'MQTT-1.5.3-1'],
  ['a code point beyond U+10FFFF', Buffer.from([0x61, 0xf4, 0x90, 0x80, 0x80]), 'MQTT-1.5.3-1'],
];
