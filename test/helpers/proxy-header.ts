import { isIPv6, SocketAddress } from 'node:net';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(
    new SocketAddress({ address, family: 'ipv6' }).address,
  );
  const hex = (...pair: (string | undefined)[]) =>
    pair.map((byte) => Number(byte).toString(16).padStart(2, '0')).join('');
  const text = dotted ? `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}` : address;
  const [head = '', tail = ''] = text.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === '' ? [] : tail.split(':');
  const all = [...groups, ...Array<string>(8 - groups.length - rest.length).fill('0'), ...rest];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

export interface Told {
  version?: number;
  command?: number;
  /** Family and transport, where no address tells them. */
  family?: number;
  /** Of the client. */
  address?: string;
  /** After the addresses. */
  rest?: Buffer;
}

/** A header of PROXY protocol 2, good or bad. */
export function proxyV2({ version = 2, command = 1, family, address, rest = Buffer.alloc(0) }: Told): Buffer {
  const ends =
    address === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([bytesOf(address), bytesOf(address), Buffer.alloc(4)]);
  const byAddress = ends.length === 36 ? 0x21 : 0x11;
  const fixed = Buffer.from([version * 16 + command, family ?? byAddress, 0, 0]);
  fixed.writeUInt16BE(ends.length + rest.length, 2);
  return Buffer.concat([SIGNATURE, fixed, ends, rest]);
}

export const proxyV1 = (address: string) =>
  Buffer.from(`PROXY ${isIPv6(address) ? 'TCP6' : 'TCP4'} ${address} ${address} 40000 8883\r\n`);
