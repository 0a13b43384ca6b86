import type { PublishPacket } from 'aedes';
import type { BrokerStore, KeptWill } from '../../db/domain/broker-store.ts';
import type { Nodes } from '../../db/domain/cluster.ts';
import type { Log } from '../../db/domain/ports.ts';
import type { BoundedPersistence } from '../engine/bounded.ts';
import type { EngineClient } from '../engine/types.ts';

/** How often it is looked for wills of nodes that ended while nobody saw it, or while Redis was away. */
const SWEEP_MS = 10_000;

export interface SharedWillsDeps {
  store: BrokerStore;
  nodes: Nodes;
  stored: () => BoundedPersistence;
  /** With the rights of whoever left it. */
  publish: (clientId: string, packet: PublishPacket) => void;
  log: Log;
}

export type SharedWills = ReturnType<typeof createSharedWills>;

/** Wills, kept in Redis while their clients are connected: when a node dies, another one publishes those of its clients, once. */
export function createSharedWills({ store, nodes, stored, publish, log }: SharedWillsDeps) {
  /** The last client of each id that left one. */
  const owners = new Map<string, EngineClient>();
  /** Nodes that were missing at the last look: one that is just starting is not dead. */
  let missing = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let running = false;

  const write = (clientId: string, { topic, payload, qos, retain }: PublishPacket) =>
    store.writeWill({ clientId, topic, payload: Buffer.from(payload), qos, retain });

  const publishOf = async (isDead: (nodeId: string) => boolean) => {
    if (running || !store.ready) return;
    running = true;
    try {
      const wills = await store.readWills();
      for (const will of wills.filter(({ nodeId }) => isDead(nodeId))) await publishOnce(will);
    } catch (error) {
      log.debug({ err: error }, 'wills could not be read: trying again');
    } finally {
      running = false;
    }
  };

  const publishOnce = async (will: KeptWill) => {
    if (!(await store.takeWill(will))) return;
    const { clientId, topic, payload, qos, retain } = will;
    publish(clientId, { cmd: 'publish', topic, payload, qos, retain, dup: false });
  };

  const sweep = async () => {
    if (!store.ready) return;
    const living = nodes.others();
    const isMissing = (id: string) => id !== nodes.id && !living.has(id);
    const before = missing;
    await publishOf((id) => isMissing(id) && before.has(id));
    const wills = await store.readWills().catch(() => []);
    missing = new Set(wills.map(({ nodeId }) => nodeId).filter(isMissing));
  };

  const gone = (nodeId: string) => void publishOf((id) => id === nodeId);
  nodes.onGone(gone);

  return {
    attach: () => {
      const { persistence } = stored();
      persistence.putWill = async (client, packet) => {
        const { id } = client;
        owners.set(id, client);
        write(id, packet);
        client.conn.once('close', () => {
          if (owners.get(id) !== client) return;
          owners.delete(id);
          store.removeWill(id, true);
        });
      };
      // Asked at each CONNECT, with the client: whatever was left under its id is no more. Asked at its end without: see above.
      persistence.delWill = async (client) => {
        if (!('conn' in client)) return;
        store.removeWill(client.id, false);
      };
    },
    returned: (how: 'same' | 'emptied' | 'unsure') => {
      if (how === 'same') return;
      for (const [id, { will }] of owners) if (will) write(id, will);
    },
    start: () => {
      timer = setInterval(() => void sweep(), SWEEP_MS);
    },
    stop: () => clearInterval(timer),
  };
}
