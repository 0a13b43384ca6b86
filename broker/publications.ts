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

/** A message and its place among those that are to be answered. */
class Publication extends Message implements Held {
  ready = false;
  /** Somebody is to be sent it. */
  readonly isHeard: boolean;
  readonly #lane: Lane;
  #accepted = false;

  constructor(session: Session, route: Route, payload: Buffer, packetId: number, dup: boolean, lane: Lane) {
    super(session, route.uplink, route.topic, payload, packetId === 0 ? undefined : packetId, dup);
    this.isHeard = lane.hasAudience(route);
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

/** The short way of one connection. */
class Lane {
  readonly #client: EngineClient;
  readonly #deps: PublicationsDeps;
  readonly dealtWith: () => void;
  #session: Session | undefined;
  #identity: Identity | null = null;
  #routes: Route[] = [];

  constructor(client: EngineClient, deps: PublicationsDeps, dealtWith: () => void) {
    this.#client = client;
    this.#deps = deps;
    this.dealtWith = dealtWith;
  }

  readonly take: TakePublish = (bytes, topicAt, topicEnd, packetId, dup, payloadAt, end) => {
    const route = this.#find(bytes, topicAt, topicEnd);
    if (route === null || this.#session === undefined) return false;
    const session = this.#session;
    const { counters, heard, dispatch } = this.#deps;
    const publication = new Publication(session, route, bytes.subarray(payloadAt, end), packetId, dup, this);
    counters.received(route.uplink.kind, packetId === 0 ? 0 : 1, publication.bytes);
    heard(session);
    session.acks.hold(publication);
    dispatch.dispatch(publication);
    return true;
  };

  /** To whoever has subscribed, as Aedes does it after its PUBACK. */
  forward({ topic, payload, packetId }: Publication): void {
    const qos = packetId === undefined ? 0 : 1;
    const packet: PublishPacket = { cmd: 'publish', topic, payload, qos, retain: false, dup: false };
    this.#deps.engine().publish(packet, this.#client, (error?: Error) => {
      if (error) this.#client.emit('error', error);
      this.dealtWith();
    });
  }

  failed(): void {
    this.#client.emit('error', new Error('the message could not be dealt with'));
  }

  #find(bytes: Buffer, at: number, end: number): Route | null {
    this.#session ??= this.#deps.sessions.of(this.#client);
    const session = this.#session;
    if (session === undefined || session.over || session.identity.kind !== 'device') return null;
    if (this.#deps.stopping()) return null;
    if (this.#identity !== session.identity) {
      this.#identity = session.identity;
      this.#routes = [];
    }
    for (const route of this.#routes) if (sameBytes(bytes, at, end, route.bytes)) return route;
    if (this.#routes.length === MAX_ROUTES) return null;
    const route = routeOf(session.identity, bytes.subarray(at, end));
    if (route !== null) this.#routes.push(route);
    return route;
  }

  /** Has anybody subscribed to it by now? */
  hasAudience(route: Route): boolean {
    const { engine, observers } = this.#deps;
    const { subscriptionChanges } = engine();
    if (route.asOf !== subscriptionChanges) {
      route.asOf = subscriptionChanges;
      route.hasLive = engine().hasLiveAudience(route.topic);
    }
    return route.hasLive || observers() > 0;
  }
}

function routeOf(identity: Identity, bytes: Buffer): Route | null {
  const topic = bytes.toString('utf8');
  const uplink = parseUplink(topic);
  const plain = uplink !== null && (uplink.kind === 'sensor' || uplink.kind === 'heartbeat');
  if (!plain || mayPublish(identity, topic) !== 'allow') return null;
  // A topic that is no UTF-8 would come back as other bytes.
  if (!Buffer.from(topic).equals(bytes)) return null;
  return { bytes: Buffer.from(bytes), topic, uplink, hasLive: false, asOf: -1 };
}

/**
 * Readings and heartbeats of devices, taken before the parser sees them and with the same outcome as on the long way through
 * Aedes and `hooks.ts`: the right to a topic is looked up once a session, and what is left is to dispatch.
 */
export const createPublications =
  (deps: PublicationsDeps) =>
  (client: EngineClient, dealtWith: () => void): TakePublish =>
    new Lane(client, deps, dealtWith).take;

export type Publications = ReturnType<typeof createPublications>;
