import type { Notices } from '../domain/cluster.ts';
import type { Fences } from '../domain/fence.ts';

export interface ClientIdsDeps {
  notices: Notices;
  fences: Fences;
  /** It has connected to another node since it did to this one. */
  evict: (clientId: string) => void;
}

/** Client ids that are no device's, each connected to one node at a time: those of devices are known by who is present. */
export function createClientIds({ notices, fences, evict }: ClientIdsDeps) {
  const here = new Map<string, { session: object; fence: number }>();

  notices.on('client', ([clientId, fence]: readonly [string, number], from) => {
    const ours = here.get(clientId)?.fence ?? Number.POSITIVE_INFINITY;
    if (fences.isLater(fence, from, ours)) evict(clientId);
  });
  notices.on('who-is-there', () => {
    for (const [clientId, { fence }] of here) notices.send('client', [clientId, fence]);
  });

  return {
    connected(clientId: string, session: object): void {
      const fence = fences.next();
      here.set(clientId, { session, fence });
      notices.send('client', [clientId, fence]);
    },
    gone(clientId: string, session: object): void {
      if (here.get(clientId)?.session === session) here.delete(clientId);
    },
  };
}

export type ClientIds = ReturnType<typeof createClientIds>;
