import type { AedesPublishPacket } from 'aedes';
import type { EngineClient } from './types.ts';

type Done = () => void;
export type Deliver = (packet: AedesPublishPacket, done: Done) => void;

interface Grant {
  client: EngineClient;
  qos: number;
}
interface Subscription {
  qos: number;
  /** Ours: as it was granted. */
  granted: number;
  func: Deliver;
}

/**
 * Above all that exist. Aedes lowers the QoS of a delivery to that of a subscription of the very topic, and of no other:
 * with this it never does, because here it is done for all of them.
 */
const NEVER_LOWERED = 3;

const grants = new WeakMap<Deliver, Grant>();

/** Whose subscription it is; undefined: the broker's own. */
export const clientOf = (deliver: Deliver): EngineClient | undefined => grants.get(deliver)?.client;

/** Tells later on with which QoS each subscription of a client was granted. */
export function recordGrants(client: EngineClient): void {
  client.grantedFilters = new Set();
  client.justGranted = [];
  client.subscriptions = new Proxy(Object.create(null) as Record<string, Subscription>, {
    set(target, filter: string, subscription: Subscription) {
      grants.set(subscription.func, { client, qos: subscription.qos });
      subscription.granted = subscription.qos;
      subscription.qos = NEVER_LOWERED;
      target[filter] = subscription;
      return true;
    },
    deleteProperty(target, filter: string) {
      client.grantedFilters.delete(filter);
      return delete target[filter];
    },
  });
}

interface Slot {
  packet: AedesPublishPacket;
  qos: number;
  deliver: Deliver;
  done: Done[];
}

const lowered = (packet: AedesPublishPacket, qos: number): AedesPublishPacket =>
  packet.qos <= qos ? packet : { ...packet, qos: qos as 0 | 1 | 2 };

/**
 * What Aedes calls for each filter that matches. A client is sent a message once, at the highest QoS of its filters that
 * match [MQTT-3.3.5-1], and never above the one that was granted [MQTT-3.8.4-6].
 */
export class Deliveries {
  readonly #listeners = new WeakMap<Deliver, Deliver>();
  readonly #slots = new WeakMap<EngineClient, Slot>();

  /** In place of `deliver`, with which the same is asked for again. */
  listener(deliver: Deliver): Deliver {
    const known = this.#listeners.get(deliver);
    if (known !== undefined) return known;
    const grant = grants.get(deliver);
    const made: Deliver =
      grant === undefined ? deliver : (packet, done) => this.#deliver(grant, deliver, packet, done);
    this.#listeners.set(deliver, made);
    return made;
  }

  #deliver({ client, qos }: Grant, deliver: Deliver, packet: AedesPublishPacket, done: Done): void {
    // A filter that begins with a wildcard lets no `$…` through: which one matched counts.
    if (packet.topic.startsWith('$')) {
      deliver(lowered(packet, qos), done);
      return;
    }
    const slot = this.#slots.get(client);
    if (slot?.packet === packet) {
      slot.done.push(done);
      if (qos > slot.qos) Object.assign(slot, { qos, deliver });
      return;
    }
    const made: Slot = { packet, qos, deliver, done: [done] };
    this.#slots.set(client, made);
    // All filters that match one message are called in one turn.
    queueMicrotask(() => {
      if (this.#slots.get(client) === made) this.#slots.delete(client);
      made.deliver(lowered(packet, made.qos), () => {
        for (const each of made.done) each();
      });
    });
  }
}
