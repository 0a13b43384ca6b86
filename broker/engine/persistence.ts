import { Readable } from 'node:stream';
import type { AedesPublishPacket, Subscription } from 'aedes';
import * as aedesPersistence from 'aedes-persistence';
import type { BoundedPersistence, PersistenceRules, Working } from './bounded.ts';
import { Queues } from './queues.ts';
import { Received } from './received.ts';
import { Retained, retainedCost } from './retained.ts';
import { atReadingPace, inTurn } from './room.ts';
import { StoredSessions } from './stored-sessions.ts';
import type { EngineClient, Persistence, QueuedPacket } from './types.ts';

// A CommonJS module whose types describe an ES module: its export is the factory itself.
const { default: createMemory } = aedesPersistence as unknown as { default: () => Persistence };

export const PRESENT = '$session/present';
/** QoS 2 messages of a client that wait for its PUBREL. */
export const MAX_RECEIVED = 1000;
/** What a message costs beside its bytes, roughly. */
const OVERHEAD = 200;
/** One owner's part of all that is queued, so that nobody takes the room of others. */
const SHARE = 1 / 4;
/** Filters in all stored sessions of one person: so many times what one connection may have. */
const CONNECTIONS_WORTH = 10;

/**
 * Is this a new message for a client that is still being sent what was queued? It waits in that queue for its turn
 * [MQTT-4.6.0-6]. What comes from the queue has its packet id already.
 */
export const isResuming = (
  { connected, clean }: EngineClient,
  { qos, messageId }: { qos?: number; messageId?: number },
): boolean => !connected && !clean && qos !== 0 && messageId === undefined;

/** Sessions, queues and retained messages in memory, within bounds. Of Aedes' own: the index of stored subscriptions. */
export function createPersistence(rules: PersistenceRules): BoundedPersistence {
  const { limits, onLimit } = rules;
  const persistence = createMemory();
  const base = {
    addSubscriptions: persistence.addSubscriptions.bind(persistence),
    removeSubscriptions: persistence.removeSubscriptions.bind(persistence),
    cleanSubscriptions: persistence.cleanSubscriptions.bind(persistence),
    subscriptionsByClient: persistence.subscriptionsByClient.bind(persistence),
  };
  const sessions = new StoredSessions();
  const queues = new Queues(rules.mirror);
  const received = new Received(MAX_RECEIVED);
  const retained = new Retained();
  let subscriber: EngineClient | null = null;

  const forget = async (id: string) => {
    sessions.forget(id);
    queues.drop(id);
    received.forget(id);
    await base.cleanSubscriptions({ id } as EngineClient);
  };
  const dropSession = (id: string) => {
    rules.mirror?.dropped(id);
    return forget(id);
  };

  /** A new session is stored: the oldest absent one of the same person gives way, or of all people. */
  const makeRoomFor = async (id: string) => {
    const absent = (other: string) => other !== id && !rules.isLive(other);
    const evict = async (limit: 'sessions' | 'sessions_per_user', mayGo: (other: string) => boolean) => {
      onLimit(limit, id);
      const oldest = sessions.oldest((other) => absent(other) && mayGo(other));
      if (oldest === null) throw new Error('too many sessions are stored');
      await dropSession(oldest);
    };
    const owner = StoredSessions.ownerOf(id);
    if (owner !== null && sessions.countOf(owner).sessions > limits.sessionsPerUser) {
      await evict('sessions_per_user', (other) => StoredSessions.ownerOf(other) === owner);
    }
    if (sessions.size > limits.sessions) {
      await evict('sessions', (other) => StoredSessions.ownerOf(other) !== null);
    }
  };

  // Called once for each filter that was granted, each time with all of the SUBSCRIBE, refused ones too.
  persistence.addSubscriptions = async (client) => {
    const granted = client.justGranted.splice(0);
    if (granted.length === 0 || !sessions.has(client.id)) return;
    await base.addSubscriptions(client, granted);
    for (const { topic, qos } of granted) sessions.add(client.id, topic, qos);
  };
  persistence.removeSubscriptions = async (client, topics) => {
    await base.removeSubscriptions(client, topics);
    for (const topic of topics) sessions.remove(client.id, topic);
  };
  // Asked at each CONNECT that wants a clean session [MQTT-3.1.2-6].
  persistence.cleanSubscriptions = ({ id }) => dropSession(id);
  // Asked at each CONNECT that wants its session kept.
  persistence.subscriptionsByClient = async (client) => {
    const present = sessions.has(client.id);
    sessions.keep(client.id);
    if (!present) {
      await makeRoomFor(client.id).catch((error: unknown) => {
        sessions.forget(client.id);
        throw error;
      });
    }
    const found = await base.subscriptionsByClient(client);
    // Aedes takes a session without subscriptions for none [MQTT-3.2.2-2]: one to a topic that nobody may publish to.
    return present && found.length === 0 ? [{ topic: PRESENT, qos: 0 }] : found;
  };

  const working: Working = {
    ...{ sessions, queues, received, retained, forget },
    setFilters: async (id, filters) => {
      await base.cleanSubscriptions({ id } as EngineClient);
      for (const filter of [...sessions.filtersOf(id).keys()]) sessions.remove(id, filter);
      sessions.keep(id);
      for (const [filter, qos] of filters) sessions.add(id, filter, qos);
      const all = [...filters].map(([topic, qos]) => ({ topic, qos }) as Subscription);
      if (all.length > 0) await base.addSubscriptions({ id } as EngineClient, all);
    },
    queuedBytes: ({ topic = '', payload = '', cmd }) =>
      cmd === 'pubrel' ? 0 : payload.length + topic.length + OVERHEAD,
  };

  const isQueueFull = (clientId: string, bytes: number) =>
    queues.countOf(clientId) >= limits.queued ||
    queues.bytes + bytes > limits.queuedBytes ||
    queues.bytesOfOwner(clientId) + bytes > limits.queuedBytes * SHARE;

  // Once for each client, at the highest QoS of its filters that match and not above it.
  persistence.outgoingEnqueueCombi = async (subscriptions, packet) => {
    const highest = new Map<string, number>();
    for (const { clientId, qos } of subscriptions) {
      highest.set(clientId, Math.max(qos, highest.get(clientId) ?? 0));
    }
    // One copy for all: the payload may be a view that keeps a whole chunk of its socket alive.
    let kept: AedesPublishPacket | null = null;
    for (const [clientId, granted] of highest) {
      if (!sessions.has(clientId) || rules.withheld(clientId, packet.topic)) continue;
      // To whom it was subscribed before it came, it is not a retained one [MQTT-3.3.1-9].
      kept ??= { ...packet, retain: false, payload: Buffer.from(packet.payload) };
      const bytes = working.queuedBytes(kept);
      if (isQueueFull(clientId, bytes)) onLimit('queued', clientId);
      else queues.push(clientId, { ...kept, qos: Math.min(granted, packet.qos) as 1 | 2 }, bytes);
    }
  };
  // For what is not queued (there was no room, or it is not known) nothing is noted, and nothing goes wrong.
  persistence.outgoingUpdate = async (client, packet) => {
    if (client.closed) return;
    if (packet.cmd !== 'pubrel') queues.sent(client.id, packet);
    else if (packet.messageId !== undefined) queues.released(client.id, packet.messageId);
  };
  // Asked for what was not forwarded as well: that stays while its client resumes, or has been ended and may come back.
  // The answer is always nothing, or Aedes would keep it in a stream that nobody reads.
  persistence.outgoingClearMessageId = async (client, packet) => {
    const ended = client.closed || rules.isOver(client);
    if (!ended && !isResuming(client, packet)) queues.remove(client.id, packet);
    return undefined;
  };
  // `client.will` is enough where there is one broker, and is forgotten with its client.
  persistence.putWill = async () => {};
  // What has been sent before goes out again under its own id, marked as such [MQTT-3.3.1-1, 4.4.0-1].
  async function* marked(client: EngineClient) {
    for await (const packet of atReadingPace<QueuedPacket>(client, queues.each(client.id))) {
      const { cmd, messageId } = packet;
      if (messageId !== undefined) client._nextId = (messageId % 65_535) + 1;
      yield cmd === 'publish' && messageId !== undefined ? { ...packet, dup: true } : packet;
    }
  }
  persistence.outgoingStream = (client) => Readable.from(marked(client));

  persistence.incomingStorePacket = async ({ id, closed, clean }, { messageId }) => {
    // A clean session ends with its connection.
    if (!closed || !clean) received.add(id, messageId);
    // What it had published with QoS 1 before goes first: Aedes does that a turn after the PUBACK.
    await new Promise((resolve) => setImmediate(resolve));
  };
  persistence.incomingGetPacket = async ({ id }, packet) => {
    if (!received.has(id, packet.messageId)) throw new Error('no such packet');
    return packet;
  };
  persistence.incomingDelPacket = async ({ id }, { messageId }) => {
    if (!received.delete(id, messageId)) throw new Error('no such packet');
  };
  // Also asked when a connection ends that had not shown whose it is.
  persistence.cleanIncoming = async ({ id, _authorized }) => {
    if (_authorized) received.forget(id);
  };

  persistence.storeRetained = async (packet) => {
    const { topic } = packet;
    const before = retained.get(topic);
    if (packet.payload.length === 0) return retained.delete(topic);
    const after = { ...packet, payload: Buffer.from(packet.payload) };
    const bytes = retained.bytes + retainedCost(after) - (before === null ? 0 : retainedCost(before));
    const full = before === null && retained.count >= limits.retained;
    if (full || bytes > limits.retainedBytes) onLimit('retained', null);
    else retained.set(after);
  };
  // Aedes does not say for whom: it has told of the SUBSCRIBE just before, in the same turn.
  persistence.createRetainedStreamCombi = (filters) => {
    const client = subscriber;
    if (client === null) return Readable.from([]);
    const packets = function* () {
      for (const filter of filters) {
        const granted = client.subscriptions[filter]?.granted ?? 0;
        for (const packet of retained.matching(filter)) {
          yield packet.qos <= granted ? packet : { ...packet, qos: granted as 0 | 1 };
        }
      }
    };
    return Readable.from(inTurn(client, packets()));
  };

  return {
    persistence,
    working,
    subscribing: (client) => {
      subscriber = client;
    },
    resumed: (client) => {
      // What came after the end of the queue was reached and before the client counted as connected.
      for (const packet of queues.of(client.id)) {
        if (packet.messageId === undefined) client.deliverQoS(packet, () => {});
      }
    },
    isFull: (clientId) => {
      const owner = StoredSessions.ownerOf(clientId);
      return owner !== null && sessions.countOf(owner).filters >= limits.subscriptions * CONNECTIONS_WORTH;
    },
    observers: () => sessions.observers,
    dropRetained: (concerns) => {
      for (const { topic } of [...retained.all()]) if (concerns(topic)) retained.delete(topic);
    },
    dropSession,
    dropSessions: async (concerns) => {
      for (const id of sessions.ids().filter(concerns)) await dropSession(id);
    },
    sizes: () => ({
      sessions: sessions.size,
      queued: queues.count,
      queuedBytes: queues.bytes,
      retained: retained.count,
      retainedBytes: retained.bytes,
    }),
  };
}
