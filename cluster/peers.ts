/** Silence of a node after which nobody waits for its answers. */
const QUIET_MS = 3500;
/** Two beats of a node have not come. */
const UNHEARD_MS = 2500;
/** Silence after which a node is forgotten, whatever its lease says. */
const LOST_MS = 60_000;

interface Peer {
  seq: number;
  heardAt: number;
}

/** The other nodes, as far as they are heard on the bus. */
export function createPeers() {
  const peers = new Map<string, Peer>();
  const listeners: ((node: string) => void)[] = [];

  const isHeard = (node: string, within: number) =>
    (peers.get(node)?.heardAt ?? Number.NEGATIVE_INFINITY) >= performance.now() - within;

  const lose = (node: string) => {
    peers.delete(node);
    for (const forget of listeners) forget(node);
  };

  return {
    /** false: it is new here, or something of it was missed. */
    heard: (node: string, seq: number): boolean => {
      const before = peers.get(node)?.seq;
      peers.set(node, { seq, heardAt: performance.now() });
      return before !== undefined && seq === before + 1;
    },
    hears: (node: string): boolean => isHeard(node, UNHEARD_MS),
    /** Those whose answers may be waited for. */
    answering: (): string[] => [...peers.keys()].filter((node) => isHeard(node, QUIET_MS)),
    /** It is new when it is heard again. */
    lose,
    /** `since`: before it nobody was heard. */
    loseSilent: (since: number): void => {
      const limit = performance.now() - LOST_MS;
      for (const [node, { heardAt }] of [...peers]) if (Math.max(heardAt, since) < limit) lose(node);
    },
    onLost: (forget: (node: string) => void): void => void listeners.push(forget),
  };
}
