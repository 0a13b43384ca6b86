import { isIP, isIPv6, SocketAddress } from 'node:net';

/** As people write it: an IPv4 address that came over an IPv6 socket is told as IPv4. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}

/** An address as a proxy spells it, in the one spelling that sockets tell too; null: it is none. */
export function canonicalAddress(text: string): string | null {
  const plain = plainAddress(text);
  const family = isIP(plain);
  if (family !== 6) return family === 4 ? plain : null;
  return plainAddress(new SocketAddress({ address: plain, family: 'ipv6' }).address);
}

/** Of a URL: the brackets of IPv6 are part of it. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/.test(host);
}

/** Whom an address stands for: of IPv6 the first 64 bits, since one home or host has all that follow. */
export function addressGroup(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    while (groups.length + rest.length < 8) groups.push('0');
    groups.push(...rest);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
