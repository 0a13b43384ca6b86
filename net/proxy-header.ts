import { isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress } from '../db/domain/address.ts';

/** `address`: null where the proxy speaks for itself, or knows none (health check, UNKNOWN, UNSPEC, UNIX). */
export type ProxyHeader =
  | { kind: 'none' }
  | { kind: 'incomplete' }
  | { kind: 'malformed'; why: string }
  | { kind: 'whole'; length: number; address: string | null };

const V1_START = Buffer.from('PROXY ');
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** With its CR LF; specification, section 2.1. */
const V1_MAX = 107;
const V2_FIXED = 16;
/** Of addresses and TLVs. What proxies really send, certificates' names included, stays below 1 KiB. */
const V2_MAX_REST = 4096;
const PORT = /^(0|[1-9]\d{0,4})$/;

/** By family and transport: how long its addresses are, and which of them is the client's. */
const V2_FAMILIES: Record<number, { bytes: number; address: ((rest: Buffer) => string) | null }> = {
  0: { bytes: 0, address: null },
  17: { bytes: 12, address: (rest) => rest.subarray(0, 4).join('.') },
  33: { bytes: 36, address: (rest) => ipv6(rest.subarray(0, 16)) },
  49: { bytes: 216, address: null },
};

const malformed = (why: string): ProxyHeader => ({ kind: 'malformed', why });

function ipv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return canonicalAddress(groups.join(':')) ?? '';
}

/** Do the bytes that are there begin as `start` does? */
const mayBegin = (bytes: Buffer, start: Buffer) => {
  const length = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, length, 0, length) === 0;
};

function readV1(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_MAX).indexOf('\r\n');
  if (end < 0) return bytes.length < V1_MAX ? { kind: 'incomplete' } : malformed('the line has no end');
  const length = end + 2;
  const [, family, source = '', target = '', ...ports] = bytes.toString('latin1', 0, end).split(' ');
  if (family === 'UNKNOWN') return { kind: 'whole', length, address: null };
  const isOf = family === 'TCP4' ? isIPv4 : isIPv6;
  if (family !== 'TCP4' && family !== 'TCP6') return malformed('an unknown family');
  if (!isOf(source) || !isOf(target)) return malformed('an address that is none');
  if (ports.length !== 2 || !ports.every((port) => PORT.test(port) && Number(port) <= 65_535)) {
    return malformed('a port that is none');
  }
  const address = canonicalAddress(source);
  return address === null ? malformed('an address that is none') : { kind: 'whole', length, address };
}

function readV2(bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_FIXED) return { kind: 'incomplete' };
  const version = bytes.readUInt8(12) >> 4;
  const command = bytes.readUInt8(12) & 15;
  const rest = bytes.readUInt16BE(14);
  if (version !== 2 || command > 1) return malformed('an unknown version or command');
  if (rest > V2_MAX_REST) return malformed('it is too long');
  const family = V2_FAMILIES[bytes.readUInt8(13)];
  if (command === 1 && family === undefined) return malformed('an unknown family or transport');
  if (command === 1 && family !== undefined && rest < family.bytes)
    return malformed('addresses that are cut');
  const length = V2_FIXED + rest;
  if (bytes.length < length) return { kind: 'incomplete' };
  const told = command === 1 ? family?.address : null;
  return { kind: 'whole', length, address: told?.(bytes.subarray(V2_FIXED, length)) ?? null };
}

/** The PROXY protocol, 1 and 2, of HAProxy: what stands at the start of a connection, as far as it has come. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  for (const [start, read] of [
    [V1_START, readV1],
    [V2_START, readV2],
  ] as const) {
    if (mayBegin(bytes, start)) return bytes.length < start.length ? { kind: 'incomplete' } : read(bytes);
  }
  return { kind: 'none' };
}
