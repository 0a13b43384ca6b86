import { type BrokerStore, isPerson, type StoreReturn } from '../../db/domain/broker-store.ts';
import type { Bus, Nodes } from '../../db/domain/cluster.ts';
import type { Limits } from '../../db/domain/limits.ts';
import { within } from '../../db/domain/within.ts';
import type { BoundedPersistence, PersistenceRules } from '../engine/bounded.ts';
import type { EngineClient } from '../engine/types.ts';
import { isLiving } from './living.ts';
import { mirrorSessions } from './mirrored.ts';
import { keptOf, packetOf } from './packets.ts';
import { createQueueing } from './queueing.ts';
import { createStoredFilters, type StoredChange } from './stored-filters.ts';

/** Longer nobody waits for what is kept of a session. */
const OPEN_LIMIT_MS = 1000;
const CLAIM_LIMIT_MS = 300;
/** A log-in takes no longer from here to its registration. */
const OPENING_MS = 60_000;
const SWEEP_MS = 15_000;
/** Sessions that are looked up in Redis at once. */
const TOGETHER = 100;
export interface SharedSessionsDeps {
  store: BrokerStore;
  bus: Bus;
  nodes: Nodes;
  limits: Pick<Limits, 'queued' | 'queuedBytes'>;
  stored: () => BoundedPersistence;
  withheld: PersistenceRules['withheld'];
  onLimit: PersistenceRules['onLimit'];
  /** The client of this id that is connected here. */
  clientOf: (id: string) => EngineClient | undefined;
  /** Something may be known wrongly here. */
  resyncSoon: () => void;
  /** The filters of stored sessions are others now. */
  onChange: () => void;
}

/**
 * Sessions that outlive their connections, for all nodes. While its client is here, what lies in memory is the working copy, and
 * every change is written to Redis; otherwise Redis has it alone. The filters of people's sessions are known at all nodes.
 */
export function createSharedSessions(deps: SharedSessionsDeps) {
  const { store, bus, nodes, stored, clientOf } = deps;
  /** Sessions whose working copy is here. */
  const held = new Set<string>();
  /** From the log-in to its registration. */
  const opening = new Map<string, { at: number; opened: Promise<boolean> }>();
  let renewedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;

  const filters = createStoredFilters({ ...deps, isHeld: (id) => held.has(id) });

  const isLive = (id: string) => clientOf(id)?.closed === false;

  /** Another node that may have the session. */
  const mayHold = (nodeId: string | null | undefined) =>
    nodeId != null && nodeId !== nodes.id && isLiving(nodes, bus, nodeId);

  const queueing = createQueueing({ ...deps, isHeld: (id) => held.has(id), onGone: deps.resyncSoon });

  const mirror: NonNullable<PersistenceRules['mirror']> = {
    ...queueing.mirror,
    dropped: (id) => {
      held.delete(id);
      opening.delete(id);
      store.dropSession(id, (nodeId) => {
        if (mayHold(nodeId)) bus.tell('claim', id);
      });
      filters.dropped(id);
    },
  };

  /** The working copy goes; of a person the filters stay. */
  const unload = (id: string) => {
    held.delete(id);
    const { queues, received, forget } = stored().working;
    if (!isPerson(id)) return void forget(id);
    queues.drop(id);
    received.forget(id);
  };

  const leave = (id: string) => {
    store.releaseSession(id, queueing.bytesOf(id));
    filters.moved(id, null);
    // While Redis is away it is all there is: whoever comes back to this node finds it.
    if (store.ready) unload(id);
  };

  const read = async (id: string, isWanted: () => boolean) => {
    const { working } = stored();
    await store.settled();
    let kept = await store.readSession(id);
    if (mayHold(kept?.at)) {
      // From here on that node sends elsewhere what comes for it.
      await bus.ask('claim', id, CLAIM_LIMIT_MS);
      kept = await store.readSession(id);
    }
    if (!isWanted()) return;
    if (kept === null) return working.forget(id);
    await working.setFilters(id, kept.filters);
    working.queues.merge(id, kept.queue.map(packetOf), working.queuedBytes);
    for (const messageId of kept.received) {
      if (!working.received.has(id, messageId)) working.received.add(id, messageId);
    }
  };

  const load = async (id: string): Promise<boolean> => {
    if (held.has(id)) return true;
    // What comes from now on is put into its queue here.
    held.add(id);
    let isWanted = true;
    try {
      if (!store.ready) throw new Error('Redis is away');
      await within(
        OPEN_LIMIT_MS,
        read(id, () => isWanted),
      );
      return true;
    } catch {
      isWanted = false;
      // A device begins anew.
      if (isPerson(id)) held.delete(id);
      else await stored().working.forget(id);
      return false;
    }
  };

  const open = (id: string): Promise<boolean> => {
    const known = opening.get(id);
    if (known !== undefined) {
      known.at = performance.now();
      return known.opened;
    }
    const opened = load(id).then((found) => {
      if (!found && isPerson(id)) opening.delete(id);
      return found;
    });
    opening.set(id, { at: performance.now(), opened });
    return opened;
  };

  /** Another node has it now. */
  const lose = (id: string): Promise<void> => {
    opening.delete(id);
    if (held.has(id)) {
      unload(id);
      clientOf(id)?.close();
    }
    return store.settled();
  };

  /** What this node may not have been told. */
  const resync = async () => {
    await store.settled();
    await filters.read();
    for (const id of [...held].filter(isPerson)) {
      const added = await queueing.readAnew(id);
      const client = clientOf(id);
      if (client?.connected !== true) continue;
      for (const packet of added) if (packet.messageId === undefined) client.deliverQoS(packet, () => {});
    }
  };

  /** Unless another node has taken the session meanwhile: that one knows it best. */
  const writeAgain = async (id: string) => {
    const at = await store.whereIs(id);
    if (!held.has(id)) return;
    if (mayHold(at)) {
      void lose(id);
      return;
    }
    const { sessions, queues, received } = stored().working;
    if (!sessions.has(id)) return;
    const queue = queues.of(id).map(keptOf);
    store.replaceSession(id, { filters: sessions.filtersOf(id), queue, received: received.of(id) });
  };

  const sweep = () => {
    const now = performance.now();
    for (const [id, { at }] of opening) if (now - at > OPENING_MS) opening.delete(id);
    if (store.ready) for (const id of held) if (!opening.has(id) && !isLive(id)) leave(id);
    if (now - renewedAt < store.expiryMs / 4) return;
    renewedAt = now;
    store.renewSessions(held);
  };

  bus.on('claim', (id: string) => (typeof id === 'string' ? lose(id) : undefined));
  bus.on('stored', (change: StoredChange) => filters.heard(change));

  return {
    mirror,
    attach: () => mirrorSessions({ ...deps, held, filters, queueing }),
    open,
    isHeldElsewhere: filters.isElsewhere,
    wasQueued: queueing.wasQueued,
    receive: queueing.receive,
    resync,
    registered: (client: EngineClient) => void opening.delete(client.id),
    left: (client: EngineClient) => {
      const { id } = client;
      const other = clientOf(id);
      if (client.clean || !held.has(id) || opening.has(id)) return;
      if (other === undefined || other === client || other.closed) leave(id);
    },
    returned: async (how: StoreReturn) => {
      if (how === 'emptied') filters.writeAgain();
      const all = how === 'same' ? [] : [...held];
      for (let at = 0; at < all.length; at += TOGETHER) {
        await Promise.all(all.slice(at, at + TOGETHER).map(writeAgain));
      }
      sweep();
    },
    start: () => {
      timer = setInterval(sweep, SWEEP_MS);
    },
    stop: () => clearInterval(timer),
  };
}
