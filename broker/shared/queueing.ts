import type { AedesPublishPacket } from 'aedes';
import type { BrokerStore } from '../../db/domain/broker-store.ts';
import type { Limits } from '../../db/domain/limits.ts';
import type { BoundedPersistence, PersistenceRules } from '../engine/bounded.ts';
import type { QueueMirror } from '../engine/queues.ts';
import type { Persistence, QueuedPacket } from '../engine/types.ts';
import { keptOf, packetOf } from './packets.ts';

/** A session's part of `queuedBytes`, while its client is nowhere. */
const SHARE = 1 / 16;
const NO_BOUNDS = { count: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

export interface QueueingDeps {
  store: BrokerStore;
  limits: Pick<Limits, 'queued' | 'queuedBytes'>;
  stored: () => BoundedPersistence;
  withheld: PersistenceRules['withheld'];
  onLimit: PersistenceRules['onLimit'];
  isHeld: (id: string) => boolean;
  /** A session that was known is no more. */
  onGone: () => void;
}

export type Queueing = ReturnType<typeof createQueueing>;

type Subscriptions = readonly { clientId: string; qos: number }[];

/** Queues of sessions: of those that are held here in memory, mirrored in Redis; of all others in Redis alone. */
export function createQueueing(deps: QueueingDeps) {
  const { store, limits, stored, isHeld } = deps;
  const bounds = { count: limits.queued, bytes: limits.queuedBytes * SHARE };
  /** Messages that were queued for somebody who is not here. */
  const queuedElsewhere = new WeakSet<object>();
  /** Removed while a queue is being read anew. */
  let removed: Set<string> | null = null;
  let fromOthers = false;
  let lastStamp = 0;

  const stamp = () => {
    lastStamp = Math.max(lastStamp, Date.now());
    return lastStamp;
  };

  const mirror: QueueMirror = {
    pushed: (id, packet) => {
      if (!fromOthers && isHeld(id)) store.enqueue(id, keptOf(packet), NO_BOUNDS);
    },
    changed: (id, packet) => store.changeMessage(id, keptOf(packet)),
    removed: (id, packet) => {
      removed?.add(`${id} ${packet.brokerId} ${packet.brokerCounter}`);
      store.removeMessage(id, packet);
    },
  };

  const queueElsewhere = (subscriptions: Subscriptions, packet: QueuedPacket) => {
    const highest = new Map<string, number>();
    for (const { clientId, qos } of subscriptions) {
      if (!isHeld(clientId)) highest.set(clientId, Math.max(qos, highest.get(clientId) ?? 0));
    }
    for (const [id, granted] of highest) {
      if (deps.withheld(id, packet.topic ?? '')) continue;
      queuedElsewhere.add(packet);
      const qos = Math.min(granted, packet.qos ?? 0) as 1 | 2;
      store.enqueue(id, keptOf({ ...packet, qos }), bounds, (why) => {
        if (why === 'full') deps.onLimit('queued', id);
        else deps.onGone();
      });
    }
  };

  return {
    mirror,
    attach: (persistence: Persistence) => {
      const base = persistence.outgoingEnqueueCombi;
      persistence.outgoingEnqueueCombi = async (subscriptions, packet) => {
        if (subscriptions.length === 0) return;
        const stamped: QueuedPacket = packet;
        stamped.stamp ??= stamp();
        const here = subscriptions.filter(({ clientId }) => isHeld(clientId));
        if (here.length > 0) await base(here, packet);
        if (here.length < subscriptions.length) queueElsewhere(subscriptions, stamped);
      };
    },
    /** Was it queued for somebody who is not here? */
    wasQueued: (packet: object): boolean => queuedElsewhere.has(packet),
    /** A message of another node, which has written it to Redis already. */
    receive: async (packet: AedesPublishPacket): Promise<void> => {
      const { persistence } = stored();
      const all = await persistence.subscriptionsByTopic(packet.topic);
      const here = all.filter(({ clientId }) => isHeld(clientId));
      fromOthers = true;
      try {
        // All that it does is done before it gives its promise.
        void persistence.outgoingEnqueueCombi(here, packet);
      } finally {
        fromOthers = false;
      }
    },
    bytesOf: (id: string): number => {
      const { queues, queuedBytes } = stored().working;
      let bytes = 0;
      for (const packet of queues.each(id)) bytes += queuedBytes(packet);
      return bytes;
    },
    /** Of a session that is held here: what this node has not been told of. Gives what is new. */
    readAnew: async (id: string): Promise<QueuedPacket[]> => {
      const gone = new Set<string>();
      removed = gone;
      try {
        const kept = await store.readSession(id);
        if (kept === null || !isHeld(id)) return [];
        const packets = kept.queue.filter(
          ({ brokerId, brokerCounter }) => !gone.has(`${id} ${brokerId} ${brokerCounter}`),
        );
        const { queues, queuedBytes } = stored().working;
        return queues.merge(id, packets.map(packetOf), queuedBytes);
      } finally {
        removed = null;
      }
    },
  };
}
