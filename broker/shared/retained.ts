import type { PublishPacket } from 'aedes';
import type { BrokerStore, KeptRetained, StoreReturn } from '../../db/domain/broker-store.ts';
import type { Bus } from '../../db/domain/cluster.ts';
import type { BoundedPersistence } from '../engine/bounded.ts';

/** That a message was taken away is remembered for so long: one that was put before it may still be on its way. */
const REMEMBER_MS = 60_000;
const SWEEP_MS = 30_000;
/** One that was told just now may still be on its way into Redis. */
const ON_ITS_WAY_MS = 10_000;
/** Stamps are thousandths of a millisecond of which the last three digits tell nodes apart. */
const SALTS = 1000;

export interface SharedRetainedDeps {
  store: BrokerStore;
  bus: Bus;
  nodeId: string;
  stored: () => BoundedPersistence;
}

type Told = [topic: string, payload: Buffer, qos: number, stamp: number];

/** Retained messages: all of them at every node, and in Redis. Of two changes the later one holds, wherever they meet. */
export function createSharedRetained({ store, bus, nodeId, stored }: SharedRetainedDeps) {
  const salt = Number.parseInt(nodeId.slice(0, 8), 16) % SALTS || 0;
  const stamps = new Map<string, number>();
  let apply: (packet: PublishPacket) => Promise<void> = async () => {};
  let timer: NodeJS.Timeout | undefined;
  let later: NodeJS.Timeout | undefined;

  /** Later than what is known, also where the clock of another node is ahead. */
  const next = (topic: string) =>
    Math.max(Date.now(), Math.floor((stamps.get(topic) ?? 0) / SALTS) + 1) * SALTS + salt;

  const keptOf = (topic: string, stamp: number): KeptRetained => {
    const packet = stored().working.retained.get(topic);
    const payload = Buffer.from(packet?.payload ?? '');
    return { topic, payload, qos: packet?.qos ?? 0, stamp };
  };

  const changed = (topic: string) => {
    const stamp = next(topic);
    stamps.set(topic, stamp);
    const kept = keptOf(topic, stamp);
    store.writeRetained(kept);
    bus.tell('retained', [topic, kept.payload, kept.qos, stamp] satisfies Told);
  };

  const take = async ({ topic, payload, qos, stamp }: KeptRetained) => {
    if (stamp <= (stamps.get(topic) ?? 0)) return;
    stamps.set(topic, stamp);
    await apply({ cmd: 'publish', topic, payload, qos, retain: true, dup: false });
  };

  /** What is kept in Redis holds, but for what has changed here meanwhile. */
  const read = async () => {
    await store.settled();
    const known = new Map(stamps);
    const kept = await store.readRetained();
    for (const each of kept) await take(each);
    const topics = new Set(kept.map(({ topic }) => topic));
    const since = (Date.now() - ON_ITS_WAY_MS) * SALTS;
    for (const { topic } of [...stored().working.retained.all()]) {
      if (topics.has(topic) || stamps.get(topic) !== known.get(topic)) continue;
      if ((known.get(topic) ?? 0) > since) {
        readLater();
        continue;
      }
      stored().working.retained.delete(topic);
      stamps.delete(topic);
    }
  };
  const readLater = () => {
    clearTimeout(later);
    // If Redis is away by then, all is read at its return.
    later = setTimeout(() => void read().catch(() => {}), ON_ITS_WAY_MS);
  };

  const forgetOld = () => {
    const before = (Date.now() - REMEMBER_MS) * SALTS;
    const { retained } = stored().working;
    for (const [topic, stamp] of stamps) {
      if (stamp < before && retained.get(topic) === null) stamps.delete(topic);
    }
  };

  bus.on('retained', async ([topic, payload, qos, stamp]: Told) => {
    if (typeof topic !== 'string' || typeof stamp !== 'number' || !Buffer.isBuffer(payload)) return;
    await take({ topic, payload, qos: qos === 1 || qos === 2 ? qos : 0, stamp });
  });

  return {
    attach: () => {
      const bounded = stored();
      const { persistence, working } = bounded;
      const base = persistence.storeRetained;
      apply = base;
      persistence.storeRetained = async (packet) => {
        const { topic } = packet;
        const before = working.retained.get(topic);
        await base(packet);
        if (working.retained.get(topic) !== before) changed(topic);
      };
      bounded.dropRetained = (concerns) => {
        for (const { topic } of [...working.retained.all()]) {
          if (!concerns(topic)) continue;
          working.retained.delete(topic);
          changed(topic);
        }
      };
    },
    read,
    returned: (how: StoreReturn) => {
      if (how === 'same') return;
      for (const { topic } of stored().working.retained.all()) {
        store.writeRetained(keptOf(topic, stamps.get(topic) ?? next(topic)));
      }
    },
    start: () => {
      timer = setInterval(forgetOld, SWEEP_MS);
    },
    stop: () => {
      clearInterval(timer);
      clearTimeout(later);
    },
  };
}
