import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** How certificates are compared with names: an address in its one spelling, without its zone. */
function plain(name: string): string {
  const address = name.split('%', 1)[0] ?? name;
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address.toLowerCase();
}

/** Names and addresses by which this machine may be called, `.local` for mDNS and the public one too. */
export function localNames(publicHost: string | null = null): string[] {
  const host = hostname().toLowerCase();
  const names = ['localhost', '127.0.0.1', '::1'];
  if (/^[a-z0-9.-]+$/.test(host)) {
    const first = host.split('.', 1)[0] ?? host;
    names.push(host, first, `${first}.local`);
  }
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address } of addresses ?? []) names.push(address);
  }
  if (publicHost !== null) names.push(publicHost);
  return [...new Set(names.map(plain))];
}

/** How others on the network most likely reach this machine: its addresses, or its own name when it has none. */
export function reachableHosts(): string[] {
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  const host = hostname().toLowerCase();
  const named = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host) ? [`${host.split('.', 1)[0]}.local`] : [];
  const hosts = [...outer.slice(0, 2), ...named];
  return hosts.length > 0 ? hosts : ['localhost'];
}

export const covers = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');
/** More would not fit well into a QR code. */
const MAX_HOSTS = 3;

/**
 * Hosts under which a certificate that we did not make is accepted. One that names a wildcard alone is asked for the
 * names of this machine.
 */
export function hostsOf(certificate: X509Certificate): string[] {
  const alternatives = [...(certificate.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,"\s]+)/g)];
  const named = alternatives.map(([, name = '']) => plain(name)).filter((name) => !name.includes('*'));
  const own = [...localNames(), ...reachableHosts()].filter((name) => covers(certificate, name));
  const outer = [...named, ...own].filter((name) => !isLoopback(name));
  const hosts = outer.length > 0 ? outer : [...reachableHosts()];
  return [...new Set(hosts)].slice(0, MAX_HOSTS);
}
