import { HERE } from '../../../test/helpers/place.ts';
import { type CutProxy, startCutProxy } from './cut-proxy.ts';
import type { Host, Network } from './network.ts';

/**
 * All hosts are this machine. What goes from one to another passes a proxy of ours, which swallows it in silence while the
 * two are cut from each other.
 */
export function openLoopback(reason: string): Network {
  return { ...openDirect(), ...withProxies(reason) };
}

/** All hosts are this machine, with nothing between them: for measurements. Nothing can be cut. */
export function openDirect(): Network {
  const cannot = () => Promise.reject(new Error('nothing can be cut here'));
  return {
    description: 'all hosts on loopback',
    addHost: async (name) => ({ ...HERE, name }),
    route: async (_from, to, port) => ({ host: to.address, port }),
    ...{ cut: cannot, heal: cannot, clients: null, stop: async () => {} },
  };
}

function withProxies(reason: string): Omit<Network, 'addHost' | 'clients'> {
  const proxies = new Map<string, { proxy: CutProxy; port: number; pair: string }>();
  const cuts = new Set<string>();
  const pairOf = (a: Host, b: Host) => [a.name, b.name].sort().join(' ');
  const apply = () => {
    for (const { proxy, pair } of proxies.values()) proxy.silent(cuts.has(pair));
  };
  return {
    description: `all hosts on loopback, cut by a proxy that falls silent (${reason})`,
    route: async (from, to, port) => {
      const key = `${from.name} ${to.name} ${port}`;
      const known = proxies.get(key) ?? { proxy: await startCutProxy(port), port, pair: pairOf(from, to) };
      proxies.set(key, known);
      return { host: '127.0.0.1', port: known.proxy.port };
    },
    cut: async (a, b) => {
      cuts.add(pairOf(a, b));
      apply();
    },
    heal: async (a, b) => {
      cuts.delete(pairOf(a, b));
      apply();
    },
    stop: async () => {
      await Promise.all([...proxies.values()].map(({ proxy }) => proxy.stop()));
    },
  };
}
