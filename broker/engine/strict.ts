import { isUtf8 } from 'node:buffer';

/** Why a packet is refused; `answer`: bytes that the client is told before its connection closes. */
export interface Fault {
  reason: string;
  answer?: Buffer;
}

/** The part of a buffer list that is needed: `bl` gives a view where the bytes lie in one buffer. */
export interface Bytes {
  readonly length: number;
  readUInt8(offset: number): number;
  readUInt16BE(offset: number): number;
  slice(start: number, end: number): Buffer;
}

export interface Header {
  cmd: string;
  /** Of the variable header and payload. */
  length: number;
  qos: number;
  dup: boolean;
}

type Check = (header: Header, bytes: Bytes) => Fault | null;

const CONNACK_PROTOCOL = Buffer.from([0x20, 2, 0, 1]);
const CONNACK_IDENTIFIER = Buffer.from([0x20, 2, 0, 2]);
const PLUS = 0x2b;
const HASH = 0x23;
const SLASH = 0x2f;

/** Of topics and filters: what is kept for each, live or stored, stays small. */
const MAX_TOPIC_BYTES = 1024;
const MAX_CLIENT_ID_BYTES = 256;
/** Of one SUBSCRIBE or UNSUBSCRIBE. */
const MAX_FILTERS = 1000;

const fault = (reason: string): Fault => ({ reason });

/** Well-formed UTF-8 without U+0000 [MQTT-1.5.3-1, -2]; no surrogate, nothing overlong. */
function isString(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0) return false;
    if (byte >= 0x80) return isUtf8(bytes.subarray(i, end)) && !bytes.subarray(i, end).includes(0);
  }
  return true;
}

/** A topic to publish to [MQTT-3.3.2-2, 4.7.3-1]. */
function isTopic(bytes: Buffer, start: number, end: number): boolean {
  if (start === end || end - start > MAX_TOPIC_BYTES) return false;
  for (let i = start; i < end; i++) if (bytes[i] === PLUS || bytes[i] === HASH) return false;
  return isString(bytes, start, end);
}

/** `#` last and alone in its level, `+` alone in its level [MQTT-4.7.1-2, -3]. */
function isFilter(bytes: Buffer, start: number, end: number): boolean {
  if (start === end || end - start > MAX_TOPIC_BYTES) return false;
  for (let i = start; i < end; i++) {
    if (bytes[i] !== PLUS && bytes[i] !== HASH) continue;
    if (i > start && bytes[i - 1] !== SLASH) return false;
    if (i + 1 < end && (bytes[i] === HASH || bytes[i + 1] !== SLASH)) return false;
  }
  return isString(bytes, start, end);
}

/** Reads fields one after the other; `failed` once one reaches beyond the packet. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;
  failed = false;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  byte(): number {
    if (this.at >= this.bytes.length) this.failed = true;
    return this.bytes[this.at++] ?? 0;
  }

  number(): number {
    return this.byte() * 256 + this.byte();
  }

  /** Where a field that begins with its length ends; the cursor stands behind it. */
  field(): { start: number; end: number } {
    const length = this.number();
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) this.failed = true;
    return { start, end: Math.min(this.at, this.bytes.length) };
  }

  get done(): boolean {
    return !this.failed && this.at === this.bytes.length;
  }
}

const FLAG = {
  reserved: 1,
  clean: 2,
  will: 4,
  willQos: 0x18,
  willRetain: 0x20,
  password: 0x40,
  username: 0x80,
};

const connect: Check = ({ length }, list) => {
  const cursor = new Cursor(list.slice(0, length));
  const { bytes } = cursor;
  const text = (valid = isString) => {
    const { start, end } = cursor.field();
    return !cursor.failed && valid(bytes, start, end);
  };
  const name = cursor.field();
  const protocol = bytes.toString('latin1', name.start, name.end);
  if (protocol !== 'MQTT' && protocol !== 'MQIsdp') return fault('unknown protocol name');
  const level = cursor.byte();
  // A level that is not spoken here is told so, whatever follows [MQTT-3.1.2-2].
  if (!cursor.failed && level !== (protocol === 'MQTT' ? 4 : 3)) {
    return { reason: `protocol level ${level} is not spoken here`, answer: CONNACK_PROTOCOL };
  }
  const flags = cursor.byte();
  const has = (flag: number) => (flags & flag) !== 0;
  const willQos = (flags & FLAG.willQos) >> 3;
  if (has(FLAG.reserved)) return fault('reserved flag');
  if (willQos === 3) return fault('will QoS 3');
  if (!has(FLAG.will) && (has(FLAG.willRetain) || willQos > 0)) return fault('will flags without a will');
  if (has(FLAG.password) && !has(FLAG.username)) return fault('a password without a user name');
  cursor.number();
  const id = cursor.field();
  if (cursor.failed || !isString(bytes, id.start, id.end)) return fault('client id is no valid string');
  if (id.end - id.start > MAX_CLIENT_ID_BYTES) {
    return { reason: `a client id above ${MAX_CLIENT_ID_BYTES} bytes`, answer: CONNACK_IDENTIFIER };
  }
  if (has(FLAG.will)) {
    if (!text(isTopic)) return fault('will topic is no valid topic');
    cursor.field();
  }
  if (has(FLAG.username) && !text()) return fault('user name is no valid string');
  if (has(FLAG.password)) cursor.field();
  if (!cursor.done) return fault('the length of the packet is wrong');
  if (id.start === id.end && !has(FLAG.clean)) {
    return { reason: 'an empty client id needs a clean session', answer: CONNACK_IDENTIFIER };
  }
  return null;
};

const publish: Check = ({ length, qos, dup }, list) => {
  const ids = qos > 0 ? 2 : 0;
  if (length < 2 + ids) return fault('the packet is cut');
  const end = 2 + list.readUInt16BE(0);
  if (end + ids > length) return fault('the packet is cut');
  // The head alone: a payload may lie in many buffers.
  const head = list.slice(0, end + ids);
  if (!isTopic(head, 2, end)) return fault('no valid topic');
  if (qos > 0 && head.readUInt16BE(end) === 0) return fault('packet id 0');
  return qos === 0 && dup ? fault('DUP with QoS 0') : null;
};

const confirmation: Check = ({ length }, list) => {
  if (length !== 2) return fault('the length of the packet is wrong');
  return list.readUInt16BE(0) === 0 ? fault('packet id 0') : null;
};

/** `options`: bytes that follow each filter. */
const filters = (options: 0 | 1): Check => {
  return ({ length }, list) => {
    const cursor = new Cursor(list.slice(0, length));
    const id = cursor.number();
    if (!cursor.failed && id === 0) return fault('packet id 0');
    if (cursor.at >= length) return fault('no filter');
    for (let count = 1; !cursor.failed && !cursor.done; count++) {
      if (count > MAX_FILTERS) return fault(`more than ${MAX_FILTERS} filters`);
      const { start, end } = cursor.field();
      if (!cursor.failed && !isFilter(cursor.bytes, start, end)) return fault('no valid filter');
      if (options === 1 && cursor.byte() > 2) return fault('unknown bits beside the QoS');
    }
    return cursor.done ? null : fault('the length of the packet is wrong');
  };
};

const empty: Check = ({ length }) => (length === 0 ? null : fault('the length of the packet is wrong'));

/** What a client may send; all else is of the server or of another version. */
const CHECKS: Record<string, Check> = {
  connect,
  publish,
  puback: confirmation,
  pubrec: confirmation,
  pubrel: confirmation,
  pubcomp: confirmation,
  subscribe: filters(1),
  unsubscribe: filters(0),
  pingreq: empty,
  disconnect: empty,
};

/**
 * Checks a whole packet against MQTT 3.1.1, before anything lenient reads it. `connected`: a CONNECT has come before.
 * null: it is well formed.
 */
export function checkPacket(header: Header, bytes: Bytes, connected: boolean): Fault | null {
  const check = Object.hasOwn(CHECKS, header.cmd) ? CHECKS[header.cmd] : undefined;
  if (check === undefined) return fault(`a client sends no ${header.cmd ?? 'such packet'}`);
  if ((header.cmd === 'connect') === connected) {
    return fault(connected ? 'a second CONNECT' : 'the first packet is no CONNECT');
  }
  return check(header, bytes);
}
