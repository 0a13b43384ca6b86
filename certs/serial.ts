import { randomBytes } from 'node:crypto';

/** Milliseconds in 6 bytes, then 10 random ones; positive, and not beyond 20 bytes [RFC 5280, 4.1.2.2]. */
export function newSerial(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  return bytes.toString('hex');
}

/** When a certificate of ours was made, as its serial number (hex) tells; milliseconds. */
export function issuedAt(serial: string): number {
  return Number.parseInt(serial.padStart(32, '0').slice(0, 12), 16);
}
