import * as aedesPersistence from 'aedes-persistence';
import type { EngineClient, Persistence } from './types.ts';

/** Messages kept for one absent session; the next one is dropped, as Mosquitto does, and counted. */
export const MAX_QUEUED_PER_SESSION = 1000;
/** Topics with a retained message; one more is not retained, and counted. */
export const MAX_RETAINED = 10_000;

// A CommonJS module whose types describe an ES module: its export is the factory itself.
const { default: createMemory } = aedesPersistence as unknown as { default: () => Persistence };

export interface PersistenceRules {
  /** Is this filter granted to this client? Aedes stores denied filters beside granted ones. */
  granted(client: EngineClient, filter: string): boolean;
  /** Must this message not be queued for this absent session? */
  withheld(clientId: string, topic: string): boolean;
  onDropped(reason: 'queue_full' | 'retained_full'): void;
}

export interface BoundedPersistence {
  persistence: Persistence;
  /** Filters with QoS above 0 of stored sessions that are no device's own. */
  observers(): number;
  dropRetained(concerns: (topic: string) => boolean): Promise<void>;
}

/** Aedes' memory persistence with bounds, and without the faults that its callers make it have. */
export function createPersistence(rules: PersistenceRules): BoundedPersistence {
  const persistence = createMemory();
  const base = {
    addSubscriptions: persistence.addSubscriptions.bind(persistence),
    removeSubscriptions: persistence.removeSubscriptions.bind(persistence),
    cleanSubscriptions: persistence.cleanSubscriptions.bind(persistence),
    outgoingEnqueueCombi: persistence.outgoingEnqueueCombi.bind(persistence),
    outgoingClearMessageId: persistence.outgoingClearMessageId.bind(persistence),
    storeRetained: persistence.storeRetained.bind(persistence),
  };
  const queued = new Map<string, number>();
  const retained = new Set<string>();
  /** By client id: filters that a message may be queued for. */
  const filters = new Map<string, Set<string>>();
  let observers = 0;

  const remember = (clientId: string, topics: string[], add: boolean) => {
    // Only ids of people contain a slash: a device's own filters concern nobody else.
    if (!clientId.includes('/')) return;
    const set = filters.get(clientId) ?? new Set();
    observers -= set.size;
    for (const topic of topics) {
      if (add) set.add(topic);
      else set.delete(topic);
    }
    observers += set.size;
    if (set.size === 0) filters.delete(clientId);
    else filters.set(clientId, set);
  };

  persistence.addSubscriptions = async (client, subscriptions) => {
    const kept = subscriptions.filter(({ topic }) => rules.granted(client, topic));
    await base.addSubscriptions(client, kept);
    remember(
      client.id,
      kept.map(({ topic }) => topic),
      true,
    );
  };
  persistence.removeSubscriptions = async (client, topics) => {
    await base.removeSubscriptions(client, topics);
    remember(client.id, topics, false);
  };
  persistence.cleanSubscriptions = async (client) => {
    await base.cleanSubscriptions(client);
    remember(client.id, [...(filters.get(client.id) ?? [])], false);
  };
  persistence.outgoingEnqueueCombi = async (subscriptions, packet) => {
    const room = subscriptions.filter(({ clientId }) => {
      if (rules.withheld(clientId, packet.topic)) return false;
      const waiting = queued.get(clientId) ?? 0;
      if (waiting >= MAX_QUEUED_PER_SESSION) {
        rules.onDropped('queue_full');
        return false;
      }
      queued.set(clientId, waiting + 1);
      return true;
    });
    await base.outgoingEnqueueCombi(room, packet);
  };
  persistence.outgoingClearMessageId = async (client, packet) => {
    const cleared = await base.outgoingClearMessageId(client, packet);
    if (cleared) {
      const left = (queued.get(client.id) ?? 1) - 1;
      if (left > 0) queued.set(client.id, left);
      else queued.delete(client.id);
    }
    return cleared;
  };
  persistence.storeRetained = async (packet) => {
    if (packet.payload.length === 0) retained.delete(packet.topic);
    else if (retained.has(packet.topic) || retained.size < MAX_RETAINED) retained.add(packet.topic);
    else return rules.onDropped('retained_full');
    await base.storeRetained(packet);
  };
  const dropRetained = async (concerns: (topic: string) => boolean) => {
    const payload = Buffer.alloc(0);
    for (const topic of [...retained].filter(concerns)) {
      await persistence.storeRetained({ cmd: 'publish', topic, payload, qos: 0, retain: true, dup: false });
    }
  };
  return { persistence, observers: () => observers, dropRetained };
}
