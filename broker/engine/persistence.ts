import { Readable } from 'node:stream';
import type { AedesPublishPacket } from 'aedes';
import * as aedesPersistence from 'aedes-persistence';
import type { Limits } from '../../db/domain/limits.ts';
import { Retained } from './retained.ts';
import { atReadingPace } from './room.ts';
import { StoredSessions } from './stored-sessions.ts';
import type { EngineClient, Persistence } from './types.ts';

// A CommonJS module whose types describe an ES module: its export is the factory itself.
const { default: createMemory } = aedesPersistence as unknown as { default: () => Persistence };

const NOTHING = Buffer.alloc(0);
export const PRESENT = '$session/present';
const length = ({ payload }: { payload: string | Buffer }) => Buffer.byteLength(payload);

export interface PersistenceRules {
  limits: Pick<
    Limits,
    'retained' | 'retainedBytes' | 'queued' | 'queuedBytes' | 'sessions' | 'sessionsPerUser'
  >;
  /** Is this filter granted to this client? Aedes stores denied filters beside granted ones. */
  granted(client: EngineClient, filter: string): boolean;
  /** Must this message not be queued for this absent session? */
  withheld(clientId: string, topic: string): boolean;
  /** Is a client of this id connected? */
  isLive(clientId: string): boolean;
  onLimit(limit: 'retained' | 'queued' | 'sessions' | 'sessions_per_user', clientId: string | null): void;
}

export interface BoundedPersistence {
  persistence: Persistence;
  /** To be told of each SUBSCRIBE before its retained messages are asked for. */
  subscribing(client: EngineClient): void;
  /** Filters with QoS above 0 of stored sessions that are no device's own. */
  observers(): number;
  dropRetained(concerns: (topic: string) => boolean): void;
  /** Forgets what is stored for these client ids: subscriptions and queues. */
  dropSessions(concerns: (clientId: string) => boolean): Promise<void>;
  /** For `/api/metrics`. */
  sizes(): { sessions: number; queued: number; queuedBytes: number; retained: number; retainedBytes: number };
}

/** Aedes' memory persistence with bounds, and without the faults that its callers make it have. */
export function createPersistence(rules: PersistenceRules): BoundedPersistence {
  const { limits, onLimit } = rules;
  const persistence = createMemory();
  const base = {
    addSubscriptions: persistence.addSubscriptions.bind(persistence),
    removeSubscriptions: persistence.removeSubscriptions.bind(persistence),
    cleanSubscriptions: persistence.cleanSubscriptions.bind(persistence),
    subscriptionsByClient: persistence.subscriptionsByClient.bind(persistence),
    outgoingEnqueueCombi: persistence.outgoingEnqueueCombi.bind(persistence),
    outgoingUpdate: persistence.outgoingUpdate.bind(persistence),
    outgoingStream: persistence.outgoingStream.bind(persistence),
    outgoingClearMessageId: persistence.outgoingClearMessageId.bind(persistence),
    incomingStorePacket: persistence.incomingStorePacket.bind(persistence),
  };
  const sessions = new StoredSessions();
  const retained = new Retained();
  let subscriber: EngineClient | null = null;

  const dropSession = async (id: string) => {
    const client = { id } as EngineClient;
    for await (const packet of base.outgoingStream(client)) {
      await persistence.outgoingClearMessageId(client, packet);
    }
    await persistence.cleanSubscriptions(client);
    await persistence.cleanIncoming(client);
    sessions.forget(id);
  };

  /** A new session is stored: the oldest absent one of the same person gives way, or of all people. */
  const makeRoom = async (id: string) => {
    if (sessions.has(id)) return;
    const absent = (other: string) => !rules.isLive(other);
    const evict = async (limit: 'sessions' | 'sessions_per_user', mayGo: (other: string) => boolean) => {
      onLimit(limit, id);
      const oldest = sessions.oldest((other) => absent(other) && mayGo(other));
      if (oldest === null) throw new Error('too many sessions are stored');
      await dropSession(oldest);
    };
    const owner = StoredSessions.ownerOf(id);
    if (owner !== null && sessions.countOf(owner) >= limits.sessionsPerUser) {
      await evict('sessions_per_user', (other) => StoredSessions.ownerOf(other) === owner);
    }
    if (sessions.size >= limits.sessions) {
      await evict('sessions', (other) => StoredSessions.ownerOf(other) !== null);
    }
  };

  persistence.addSubscriptions = async (client, subscriptions) => {
    const kept = subscriptions.filter(({ topic }) => rules.granted(client, topic));
    if (kept.length === 0) return;
    await makeRoom(client.id);
    await base.addSubscriptions(client, kept);
    for (const { topic, qos } of kept) sessions.add(client.id, topic, qos);
  };
  persistence.removeSubscriptions = async (client, topics) => {
    await base.removeSubscriptions(client, topics);
    for (const topic of topics) sessions.remove(client.id, topic);
  };
  persistence.cleanSubscriptions = async (client) => {
    await base.cleanSubscriptions(client);
    sessions.end(client.id);
  };
  // Asked at each CONNECT that wants its session kept.
  persistence.subscriptionsByClient = async (client) => {
    const present = sessions.has(client.id);
    await makeRoom(client.id);
    sessions.keep(client.id);
    const found = await base.subscriptionsByClient(client);
    // Aedes takes a session without subscriptions for none [MQTT-3.2.2-2]: one to a topic that nobody may publish to.
    return present && found.length === 0 ? [{ topic: PRESENT, qos: 0 }] : found;
  };
  // Once for each client, at the highest QoS of its filters that match and not above it.
  persistence.outgoingEnqueueCombi = async (subscriptions, packet) => {
    const bytes = length(packet);
    const highest = new Map<string, number>();
    for (const { clientId, qos } of subscriptions) {
      highest.set(clientId, Math.max(qos, highest.get(clientId) ?? 0));
    }
    const byQos = new Map<number, { clientId: string; qos: number }[]>();
    for (const [clientId, granted] of highest) {
      if (rules.withheld(clientId, packet.topic)) continue;
      const full =
        sessions.queuedOf(clientId) >= limits.queued || sessions.queuedBytes + bytes > limits.queuedBytes;
      if (full) {
        onLimit('queued', clientId);
        continue;
      }
      sessions.queue(clientId, bytes);
      const qos = Math.min(granted, packet.qos);
      const clients = byQos.get(qos) ?? [];
      byQos.set(qos, clients);
      clients.push({ clientId, qos });
    }
    for (const [qos, clients] of byQos) {
      await base.outgoingEnqueueCombi(clients, { ...packet, qos: qos as 1 | 2 });
    }
  };
  // A PUBREC for what is not known is answered with a PUBREL all the same [MQTT-4.3.3-1].
  persistence.outgoingUpdate = (client, packet) => {
    const updated = base.outgoingUpdate(client, packet);
    return packet.cmd === ('pubrel' as never) ? updated.catch(() => {}) : updated;
  };
  // What has been sent before goes out again under its own id, marked as such [MQTT-3.3.1-1, 4.4.0-1].
  async function* marked(client: EngineClient) {
    const packets = atReadingPace<AedesPublishPacket>(client, base.outgoingStream(client));
    for await (const packet of packets) {
      const { cmd, messageId } = packet;
      if (messageId !== undefined) client._nextId = (messageId % 65_535) + 1;
      yield cmd === 'publish' && messageId !== undefined ? { ...packet, dup: true } : packet;
    }
  }
  persistence.outgoingStream = (client) => Readable.from(marked(client));
  persistence.outgoingClearMessageId = async (client, packet) => {
    const cleared = await base.outgoingClearMessageId(client, packet);
    if (cleared) sessions.unqueue(client.id, cleared.payload === undefined ? null : length(cleared));
    return cleared;
  };
  persistence.storeRetained = async (packet) => {
    const { topic } = packet;
    const before = retained.get(topic);
    if (packet.payload.length === 0) return retained.delete(topic);
    const payload = Buffer.from(packet.payload);
    const bytes = retained.bytes - (before?.payload.length ?? 0) + payload.length;
    const full = before === null && retained.count >= limits.retained;
    if (full || bytes > limits.retainedBytes) onLimit('retained', null);
    else retained.set({ ...packet, payload });
  };
  // Aedes does not say for whom: it has told of the SUBSCRIBE just before, in the same turn.
  persistence.createRetainedStreamCombi = (filters) => {
    const packets = function* () {
      for (const filter of filters) yield* retained.matching(filter);
    };
    return Readable.from(subscriber === null ? packets() : atReadingPace(subscriber, packets()));
  };
  // It is kept to know a second copy by its id: what it says has been published.
  persistence.incomingStorePacket = (client, packet) =>
    base.incomingStorePacket(client, { ...packet, payload: NOTHING });

  return {
    persistence,
    subscribing: (client) => {
      subscriber = client;
    },
    observers: () => sessions.observers,
    dropRetained: (concerns) => {
      for (const { topic } of [...retained.all()]) if (concerns(topic)) retained.delete(topic);
    },
    dropSessions: async (concerns) => {
      for (const id of sessions.ids().filter(concerns)) await dropSession(id);
    },
    sizes: () => ({
      sessions: sessions.size,
      queued: sessions.queued,
      queuedBytes: sessions.queuedBytes,
      retained: retained.count,
      retainedBytes: retained.bytes,
    }),
  };
}
