import type { PublishPacket } from 'aedes';
import type { Held } from './acks.ts';
import { mayPublish } from './authorize.ts';
import type { BrokerCounters } from './counters.ts';
import type { Dispatch } from './dispatch.ts';
import type { Engine } from './engine/engine.ts';
import type { TakePublish } from './engine/fast-lane.ts';
import type { EngineClient } from './engine/types.ts';
import type { Identity } from './identity.ts';
import { Message, type Outcome } from './message.ts';
import type { Session, Sessions } from './sessions.ts';
import { parseUplink, type Uplink } from './topics.ts';

/** A device publishes to one or two topics. */
const MAX_ROUTES = 4;

/** A topic that a session may publish to, as it comes over the wire. */
interface Route {
  bytes: Buffer;
  topic: string;
  uplink: Uplink;
  /** Is anybody to be sent what comes on it? */
  isHeard: boolean;
  /** Does a live subscription match it, as of that change of subscriptions? */
  hasLive: boolean;
  asOf: number;
}

export interface PublicationsDeps {
  engine: () => Engine;
  sessions: Sessions;
  dispatch: Dispatch;
  counters: BrokerCounters;
  /** Filters of stored sessions that are no device's own. */
  observers: () => number;
  heard: (session: Session) => void;
  stopping: () => boolean;
}

const sameBytes = (bytes: Buffer, at: number, end: number, other: Buffer): boolean => {
  const { length } = other;
  if (end - at !== length) return false;
  // From the end: ids differ there, and all begin alike.
  for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== other[i]) return false;
  return true;
};

/** What a publication of one connection is dealt with by. */
interface Lane {
  /** To whoever has subscribed, as Aedes does it after its PUBACK. */
  forward(publication: Publication): void;
  dealtWith(): void;
  failed(): void;
}

/** A message and its place among those that are to be answered. */
class Publication extends Message implements Held {
  ready = false;
  /** Somebody is to be sent it. */
  readonly isHeard: boolean;
  readonly #lane: Lane;
  #accepted = false;

  constructor(session: Session, route: Route, payload: Buffer, packetId: number, dup: boolean, lane: Lane) {
    super(session, route.uplink, route.topic, payload, packetId === 0 ? undefined : packetId, dup);
    this.isHeard = route.isHeard;
    this.#lane = lane;
  }

  get ackId(): number {
    return this.packetId ?? 0;
  }

  override forgetPayload(): void {
    if (!this.isHeard) super.forgetPayload();
  }

  settled(outcome: Outcome): void {
    this.#accepted = outcome === 'accepted';
    if (outcome === 'failed') this.#lane.failed();
    else this.session.acks.ready(this);
  }

  release(): void {
    if (this.#accepted && this.isHeard) this.#lane.forward(this);
    else this.#lane.dealtWith();
  }
}

/**
 * Readings and heartbeats of devices, taken before the parser sees them and with the same outcome as on the long way through
 * Aedes and `hooks.ts`: the right to a topic is looked up once a session, and what is left is to dispatch.
 */
export function createPublications(deps: PublicationsDeps) {
  const { engine, sessions, dispatch, counters, observers, heard, stopping } = deps;

  const routeOf = (identity: Identity, bytes: Buffer): Route | null => {
    const topic = bytes.toString('utf8');
    const uplink = parseUplink(topic);
    const plain = uplink !== null && (uplink.kind === 'sensor' || uplink.kind === 'heartbeat');
    if (!plain || mayPublish(identity, topic) !== 'allow') return null;
    // A topic that is no UTF-8 would come back as other bytes.
    if (!Buffer.from(topic).equals(bytes)) return null;
    return { bytes: Buffer.from(bytes), topic, uplink, isHeard: false, hasLive: false, asOf: -1 };
  };

  /** Has anybody subscribed to it by now? */
  const refresh = (route: Route) => {
    const { subscriptionChanges } = engine();
    if (route.asOf !== subscriptionChanges) {
      route.asOf = subscriptionChanges;
      route.hasLive = engine().hasLiveAudience(route.topic);
    }
    route.isHeard = route.hasLive || observers() > 0;
  };

  return (client: EngineClient, dealtWith: () => void): TakePublish => {
    let session: Session | undefined;
    let identity: Identity | null = null;
    let routes: Route[] = [];

    const find = (bytes: Buffer, at: number, end: number): Route | null => {
      session ??= sessions.of(client);
      if (session === undefined || session.over || session.identity.kind !== 'device' || stopping())
        return null;
      if (identity !== session.identity) {
        identity = session.identity;
        routes = [];
      }
      for (const route of routes) if (sameBytes(bytes, at, end, route.bytes)) return route;
      if (routes.length === MAX_ROUTES) return null;
      const route = routeOf(identity, bytes.subarray(at, end));
      if (route !== null) routes.push(route);
      return route;
    };

    const end = (error: Error) => client.emit('error', error);
    const lane: Lane = {
      dealtWith,
      failed: () => end(new Error('the message could not be dealt with')),
      forward: ({ topic, payload, packetId }) => {
        const qos = packetId === undefined ? 0 : 1;
        const packet: PublishPacket = { cmd: 'publish', topic, payload, qos, retain: false, dup: false };
        engine().publish(packet, client, (error?: Error) => {
          if (error) end(error);
          dealtWith();
        });
      },
    };

    return (bytes, topicAt, topicEnd, packetId, dup, payloadAt, end) => {
      const route = find(bytes, topicAt, topicEnd);
      if (route === null || session === undefined) return false;
      refresh(route);
      const publication = new Publication(
        session,
        route,
        bytes.subarray(payloadAt, end),
        packetId,
        dup,
        lane,
      );
      counters.received(publication.bytes);
      heard(session);
      session.acks.hold(publication);
      dispatch.dispatch(publication);
      return true;
    };
  };
}

export type Publications = ReturnType<typeof createPublications>;
