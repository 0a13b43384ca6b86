import type { BrokerStore } from '../../db/domain/broker-store.ts';
import type { Nodes } from '../../db/domain/cluster.ts';
import { within } from '../../db/domain/within.ts';
import type { BoundedPersistence } from '../engine/bounded.ts';
import type { Queueing } from './queueing.ts';
import type { StoredFilters } from './stored-filters.ts';

/** A SUBACK waits for Redis, but not for long. */
const STORE_LIMIT_MS = 300;

export interface MirroredDeps {
  store: BrokerStore;
  nodes: Nodes;
  stored: () => BoundedPersistence;
  /** Sessions whose working copy is here. */
  held: Set<string>;
  filters: StoredFilters;
  queueing: Queueing;
}

/** Has every change of a session that is held here written to Redis too. */
export function mirrorSessions({ store, nodes, stored, held, filters, queueing }: MirroredDeps): void {
  const { persistence, working } = stored();
  const base = { ...persistence };
  persistence.subscriptionsByClient = async (client) => {
    const { id } = client;
    const present = working.sessions.has(id);
    held.add(id);
    const found = await base.subscriptionsByClient(client);
    if (present) store.holdSession(id);
    else store.createSession(id);
    filters.moved(id, nodes.id);
    return found;
  };
  persistence.addSubscriptions = async (client, subscriptions) => {
    const granted = client.justGranted.map(({ topic, qos }) => [topic, qos] as const);
    await base.addSubscriptions(client, subscriptions);
    if (granted.length === 0 || !held.has(client.id)) return;
    store.addFilters(client.id, granted);
    filters.added(client.id, granted);
    if (store.ready) await within(STORE_LIMIT_MS, store.settled()).catch(() => {});
  };
  persistence.removeSubscriptions = async (client, topics) => {
    await base.removeSubscriptions(client, topics);
    if (!held.has(client.id)) return;
    store.removeFilters(client.id, topics);
    filters.removed(client.id, topics);
  };
  queueing.attach(persistence);
  persistence.incomingStorePacket = async (client, packet) => {
    await base.incomingStorePacket(client, packet);
    if (!client.clean && held.has(client.id)) store.addReceived(client.id, packet.messageId);
  };
  persistence.incomingDelPacket = async (client, packet) => {
    await base.incomingDelPacket(client, packet);
    if (!client.clean) store.removeReceived(client.id, packet.messageId);
  };
}
