import type { PublishPacket } from 'aedes';
import type { BrokerStore, KeptWill } from '../../db/domain/broker-store.ts';
import type { Bus, Nodes } from '../../db/domain/cluster.ts';
import type { Log } from '../../db/domain/ports.ts';
import type { BoundedPersistence } from '../engine/bounded.ts';
import type { EngineClient } from '../engine/types.ts';
import { isLiving } from './living.ts';

/** How often it is looked for wills of nodes that ended while nobody saw it. */
const SWEEP_MS = 60_000;
/** A node that is missing at two looks is dead; one that is just starting is not. */
const LOOK_TWICE_MS = 10_000;

export interface SharedWillsDeps {
  store: BrokerStore;
  bus: Pick<Bus, 'hears'>;
  nodes: Nodes;
  stored: () => BoundedPersistence;
  /** With the rights of whoever left it. */
  publish: (clientId: string, packet: PublishPacket) => void;
  log: Log;
}

/** Wills, kept in Redis while their clients are connected: when a node dies, another one publishes those of its clients, once. */
export function createSharedWills({ store, bus, nodes, stored, publish, log }: SharedWillsDeps) {
  /** The last client of each id that left one. */
  const owners = new Map<string, EngineClient>();
  /** At the last look. */
  let missing = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let second: NodeJS.Timeout | undefined;
  let running = false;

  const keptOf = (clientId: string, { topic, payload, qos, retain }: PublishPacket) => ({
    ...{ clientId, topic, qos, retain },
    payload: Buffer.from(payload),
  });
  const isMissing = (id: string) => id !== nodes.id && !isLiving(nodes, bus, id);

  const publishOnce = async (will: KeptWill) => {
    if (!(await store.takeWill(will))) return;
    const { clientId, topic, payload, qos, retain } = will;
    publish(clientId, { cmd: 'publish', topic, payload, qos, retain, dup: false });
  };

  const look = async (isDead: (nodeId: string) => boolean) => {
    if (running || !store.ready) return;
    running = true;
    try {
      const wills = await store.readWills();
      for (const will of wills.filter(({ nodeId }) => isDead(nodeId))) await publishOnce(will);
      missing = new Set(wills.map(({ nodeId }) => nodeId).filter(isMissing));
    } catch (error) {
      log.debug({ err: error }, 'wills could not be read: trying again');
    } finally {
      running = false;
    }
  };
  const sweep = () => {
    const before = missing;
    return look((id) => before.has(id) && isMissing(id));
  };
  const sweepLater = () => {
    clearTimeout(second);
    second = setTimeout(() => void sweep(), LOOK_TWICE_MS);
  };
  const sweepTwice = () => {
    void sweep();
    sweepLater();
  };
  // Whoever could not look then, or has died in the middle of it: the next sweep does it.
  nodes.onGone((nodeId) => {
    void look((id) => id === nodeId && isMissing(id));
    missing.add(nodeId);
    sweepLater();
  });

  return {
    attach: () => {
      const { persistence } = stored();
      persistence.putWill = async (client, packet) => {
        const { id } = client;
        owners.set(id, client);
        store.writeWill(keptOf(id, packet));
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
    returned: () => {
      // Others may have taken this node for dead; who has come to them meanwhile has left a newer one.
      for (const [id, { will }] of owners) if (will) store.writeWill(keptOf(id, will), 'unless-there-is-one');
      sweepTwice();
    },
    start: () => {
      timer = setInterval(() => void sweep(), SWEEP_MS);
      sweepTwice();
    },
    stop: () => {
      clearInterval(timer);
      clearTimeout(second);
      // Whoever is still there is sent away in order.
      for (const id of owners.keys()) store.removeWill(id, true);
    },
  };
}
