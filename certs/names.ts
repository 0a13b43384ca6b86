import { hostname, networkInterfaces } from 'node:os';

/** Names and addresses by which this machine may be called, `.local` for mDNS too. */
export function localNames(): string[] {
  const host = hostname().toLowerCase();
  const names = ['localhost', '127.0.0.1', '::1'];
  if (/^[a-z0-9.-]+$/.test(host)) {
    const first = host.split('.', 1)[0] ?? host;
    names.push(host, first, `${first}.local`);
  }
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address } of addresses ?? []) names.push(address.split('%', 1)[0] ?? address);
  }
  return [...new Set(names)];
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
