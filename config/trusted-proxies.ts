import { BlockList, isIP } from 'node:net';
import type { Reader } from './reader.ts';

const ALLOWED =
  'IP addresses and ranges such as 10.0.0.0/24 or fd00::/8, separated by commas; a range of IPv4 from /8, of IPv6 from /7';
/** Whoever trusts more than this trusts the whole network, and with it every address that a stranger makes up. */
const SHORTEST = { 4: 8, 6: 7 } as const;

function addRange(list: BlockList, text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const version = isIP(address);
  if ((version !== 4 && version !== 6) || more.length > 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (prefix === undefined) {
    list.addAddress(address, family);
    return true;
  }
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (bits < SHORTEST[version] || bits > (version === 4 ? 32 : 128)) return false;
  list.addSubnet(address, bits, family);
  return true;
}

/** Of load balancers that are believed in whom they tell a connection or request to be of; null: of none. */
export function readTrustedProxies({ read }: Reader): BlockList | null {
  return read<BlockList | null>('TRUSTED_PROXIES', null, ALLOWED, (text) => {
    const list = new BlockList();
    return text.split(',').every((range) => addRange(list, range.trim())) ? list : undefined;
  });
}
