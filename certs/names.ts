import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { isGuestBridge, machineAddresses } from '../db/machine-addresses.ts';

/** How certificates are compared with names: an address in its one spelling, without its zone. */
function plain(name: string): string {
  const address = name.split('%', 1)[0] ?? name;
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address.toLowerCase();
}

/** Names and addresses by which this machine may be called, `.local` for mDNS and `others` too. */
export function localNames(others: readonly string[] = []): string[] {
  const host = hostname().toLowerCase();
  const names = ['localhost', '127.0.0.1', '::1'];
  if (/^[a-z0-9.-]+$/.test(host)) {
    const first = host.split('.', 1)[0] ?? host;
    names.push(host, first, `${first}.local`);
  }
  names.push(...machineAddresses().map(({ address }) => address), ...others);
  return [...new Set(names.map(plain))];
}

/**
 * How others on the network most likely reach this machine: its addresses, and a name: the one that it announces itself by,
 * or else the one that it has.
 */
export function reachableHosts(announced: string | null = null): string[] {
  const outer = machineAddresses()
    .filter(({ family, internal, interface: name }) => family === 'IPv4' && !internal && !isGuestBridge(name))
    .map(({ address }) => address);
  const host = hostname().toLowerCase();
  const own = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host) ? [`${host.split('.', 1)[0]}.local`] : [];
  const named = announced === null ? own : [announced];
  const hosts = [...outer.slice(0, 2), ...named];
  return hosts.length > 0 ? hosts : ['localhost'];
}

export const covers = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;

/** In the order in which they stand there. */
export const namesOf = ({ subjectAltName }: X509Certificate): string[] =>
  [...(subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,"\s]+)/g)].map(([, name = '']) => plain(name));

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');
/** More would not fit well into a QR code. */
const MAX_HOSTS = 3;

/**
 * Hosts under which a certificate that we did not make is accepted. One that names a wildcard alone is asked for the
 * names of this machine.
 */
export function hostsOf(certificate: X509Certificate): string[] {
  const named = namesOf(certificate).filter((name) => !name.includes('*'));
  const own = [...localNames(), ...reachableHosts()].filter((name) => covers(certificate, name));
  const outer = [...named, ...own].filter((name) => !isLoopback(name));
  const hosts = outer.length > 0 ? outer : [...reachableHosts()];
  return [...new Set(hosts)].slice(0, MAX_HOSTS);
}
