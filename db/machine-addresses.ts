import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { canonicalAddress } from './domain/address.ts';

export interface MachineAddress {
  interface: string;
  family: 'IPv4' | 'IPv6';
  /** In its one spelling, without a zone. */
  address: string;
  /** With the length of its network: `192.0.2.7/24`. */
  cidr: string;
  /** Of the loopback interface. */
  internal: boolean;
}

/** One end of a cable into a container or a virtual machine: it comes and goes with its guest, and nobody is told its address. */
const GUEST_LINK = /^(veth|vnet|tap|cali|cilium|lxc|fwpr|fwln)/;
/** Behind these are the guests of this machine alone. */
const GUEST_BRIDGE = /^(docker|br-|virbr|lxdbr|lxcbr|incusbr|podman|cni|flannel|crc|hassio)/;

export const isGuestBridge = (name: string): boolean => GUEST_BRIDGE.test(name);
const isLinkLocal = (address: string): boolean => /^(fe[89ab]|169\.254\.)/.test(address);

/** Of linux/if_addr.h: temporary, duplicate, tentative. */
const UNSTEADY_FLAGS = 0x01 | 0x08 | 0x40;

/**
 * IPv6 addresses that are not to be relied on: temporary ones are made for what this machine asks of others, change once a
 * day, and say nothing of where it is found. Linux alone tells them apart.
 */
function unsteady(): Set<string> {
  let text: string;
  try {
    text = readFileSync('/proc/net/if_inet6', 'utf8');
  } catch {
    return new Set();
  }
  return new Set(
    text.split('\n').flatMap((line) => {
      const [hex = '', , , , flags = '0'] = line.split(/\s+/);
      if ((Number.parseInt(flags, 16) & UNSTEADY_FLAGS) === 0) return [];
      return canonicalAddress((hex.match(/.{4}/g) ?? []).join(':')) ?? [];
    }),
  );
}

/** The addresses at which this machine can be found for longer than a day, in the order of its interfaces. */
export function machineAddresses(): MachineAddress[] {
  const passing = unsteady();
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address: text, family, cidr, internal }) => {
      const address = canonicalAddress(text) ?? text;
      if (GUEST_LINK.test(name) || passing.has(address)) return [];
      if (isGuestBridge(name) && isLinkLocal(address)) return [];
      return {
        interface: name,
        family,
        address,
        cidr: cidr ?? `${address}/${family === 'IPv4' ? 32 : 128}`,
        internal,
      };
    }),
  );
}

/** Whatever kind of address it is. */
export const isOwnAddress = (address: string): boolean =>
  Object.values(networkInterfaces()).some((all = []) =>
    all.some((one) => canonicalAddress(one.address) === canonicalAddress(address)),
  );
