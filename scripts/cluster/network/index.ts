import { openLoopback } from './loopback.ts';
import { namespacesMissing, openNamespaces } from './namespaces.ts';
import type { Network } from './network.ts';

/** Namespaces where this machine allows them. */
export async function openNetwork(loopback = false): Promise<Network> {
  const reason = loopback ? 'as was asked' : await namespacesMissing();
  return reason === null ? await openNamespaces() : openLoopback(reason);
}
