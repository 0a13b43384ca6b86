import type { PublishPacket } from 'aedes';
import type { BrokerStore } from '../../db/domain/broker-store.ts';
import type { Cluster } from '../../db/domain/cluster.ts';
import type { Limits } from '../../db/domain/limits.ts';
import type { Log } from '../../db/domain/ports.ts';
import type { BoundedPersistence, PersistenceRules } from '../engine/bounded.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineClient, QueuedPacket } from '../engine/types.ts';
import { createSharedFilters } from './filters.ts';
import { createForwarding } from './forwarding.ts';
import { createResync } from './resync.ts';
import { createSharedRetained } from './retained.ts';
import { createSharedSessions } from './sessions.ts';
import { createSharedWills } from './wills.ts';

export type BrokerCluster = Pick<Cluster, 'nodes' | 'bus'> & { store: BrokerStore };

export interface SharedDeps {
  cluster: BrokerCluster;
  limits: Limits;
  stored: () => BoundedPersistence;
  engine: () => Engine;
  withheld: PersistenceRules['withheld'];
  onLimit: PersistenceRules['onLimit'];
  publishWill: (clientId: string, packet: PublishPacket) => void;
  /** Messages for other nodes that could not be told. */
  onDropped: (count: number) => void;
  log: Log;
}

export type Shared = ReturnType<typeof createShared>;

/** What the brokers of several nodes have in common: sessions, retained messages, wills, and messages for each other's clients. */
export function createShared(deps: SharedDeps) {
  const { cluster, limits, stored, engine, log } = deps;
  const { store, bus, nodes } = cluster;
  const onChange = () => {
    engine().subscriptionChanges++;
  };
  const clientOf = (id: string): EngineClient | undefined => engine().clients[id];
  const sessions = createSharedSessions({
    ...{ store, bus, nodes, limits, stored, clientOf, onChange },
    resyncSoon: () => resync.soon(),
    ...{ withheld: deps.withheld, onLimit: deps.onLimit },
  });
  const retained = createSharedRetained({ store, bus, nodeId: nodes.id, stored });
  const wills = createSharedWills({ store, bus, nodes, stored, publish: deps.publishWill, log });
  const filters = createSharedFilters({ bus, onChange });
  const readAll = async () => {
    await sessions.resync();
    await retained.read();
  };
  const resync = createResync({ store, bus, read: readAll, log });
  const forwarding = createForwarding({
    ...{ store, bus, onDropped: deps.onDropped },
    receive: async (packet) => {
      if (packet.qos > 0) await sessions.receive(packet);
      engine().emitHere(packet);
    },
  });

  store.onReturn((how) => {
    log.debug({ how }, 'Redis is there');
    wills.returned();
    retained.returned(how);
    sessions
      .returned(how)
      .then(() => store.settled())
      .catch((error: unknown) => log.debug({ err: error }, 'Redis is away again'))
      .finally(() => {
        resync.soon();
        resync.tellWritten();
      });
  });

  return {
    mirror: sessions.mirror,
    isHeldElsewhere: sessions.isHeldElsewhere,
    /** false: Redis is away, and whatever it has under this client id is not known. */
    openSession: sessions.open,
    start: async () => {
      sessions.attach();
      retained.attach();
      wills.attach();
      engine().share({
        matches: (topic) => filters.matches(topic) || stored().working.sessions.observed.matches(topic),
        subscribed: filters.subscribed,
        unsubscribed: filters.unsubscribed,
        forward: (packet: QueuedPacket) => {
          const { topic = '' } = packet;
          if (topic.startsWith('$')) return;
          const wasQueued = sessions.wasQueued(packet);
          if (wasQueued || filters.matches(topic)) forwarding.forward(packet, wasQueued);
        },
      });
      engine().on('client', (client) => sessions.registered(client as unknown as EngineClient));
      engine().on('clientDisconnect', (client) => sessions.left(client as unknown as EngineClient));
      retained.start();
      wills.start();
      sessions.start();
      try {
        if (!store.ready) throw new Error('Redis is away');
        await readAll();
      } catch (error) {
        log.warn({ err: error }, 'what is kept in Redis cannot be read yet');
        resync.soon();
      }
    },
    stop: () => {
      resync.stop();
      wills.stop();
      retained.stop();
      sessions.stop();
    },
  };
}
