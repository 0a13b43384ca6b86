import { openDirect, openLoopback } from './loopback.ts';
import { namespacesMissing, openNamespaces } from './namespaces.ts';
import type { Network } from './network.ts';

/** `loopback`: although there may be namespaces. `direct`: with nothing that could cut it. */
export type NetworkKind = 'namespaces' | 'loopback' | 'direct';

/** Namespaces where this machine allows them. */
export async function openNetwork(kind: NetworkKind): Promise<Network> {
  if (kind === 'direct') return openDirect();
  const reason = kind === 'loopback' ? 'as was asked' : await namespacesMissing();
  return reason === null ? await openNamespaces() : openLoopback(reason);
}
