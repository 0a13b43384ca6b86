import type { LiveDevice } from '../db/live-state/types.ts';
import { AckFlusher, AckQueue } from './acks.ts';
import type { RecentMessages } from './dup-memory.ts';
import { sendTo, writeTo } from './engine/send.ts';
import type { EngineClient } from './engine/types.ts';
import { type Identity, nameOf } from './identity.ts';
import { matches, topicOf } from './topics.ts';

/** An answer to a device that has not subscribed yet; told as soon as it does, never kept beyond the connection. */
interface Held {
  topic: string;
  payload: string;
}
/** Answers held for one connection; the oldest gives way. */
const MAX_HELD = 4;
/** No log-in takes longer from its first look at the rights to its session. */
const LOGIN_LIMIT_MS = 60_000;

/** Told of each message that is written to one connection alone. */
type OnSent = (qos: 0 | 1, payload: string) => void;

/** What a session hangs on: taken away, the session ends. */
export const hangsOn = {
  device: (deviceId: string) => `device ${deviceId}`,
  user: (userId: number) => `user ${userId}`,
  token: (tokenId: string) => `token ${tokenId}`,
} as const;

export class Session {
  identity: Identity;
  readonly client: EngineClient;
  readonly address: string;
  readonly acks: AckQueue;
  /** Of its device; null until it is first needed. */
  recent: RecentMessages | null = null;
  #held: Held[] = [];
  /** What it hangs on was taken away: nothing goes in or out any more, though its socket may not have closed yet. */
  over = false;
  /** Under way or waiting. */
  lookUps = 0;
  #lastLookUp: Promise<void> = Promise.resolve();
  readonly #onSent: OnSent;

  /** When its log-in began, as `performance.now()` tells. */
  readonly begunAt: number;

  constructor(
    identity: Identity,
    client: EngineClient,
    address: string,
    begunAt: number,
    { flusher, onSent }: { flusher: AckFlusher; onSent: OnSent },
  ) {
    this.identity = identity;
    this.client = client;
    this.acks = new AckQueue((bytes) => writeTo(client, bytes), flusher);
    this.address = address;
    this.begunAt = begunAt;
    this.#onSent = onSent;
  }

  hangsOn(key: string): boolean {
    const { identity } = this;
    if (identity.kind !== 'person') return key === hangsOn.device(identity.deviceId);
    const { user, token } = identity;
    return key === hangsOn.user(user.id) || (token !== null && key === hangsOn.token(token.id));
  }

  /** One after the other: what one device asks for must not keep the database from the others. */
  lookUp<T>(ask: () => Promise<T>): Promise<T> {
    this.lookUps++;
    const answer = this.#lastLookUp.then(ask);
    this.#lastLookUp = answer.then(
      () => {},
      () => {},
    );
    return answer.finally(() => this.lookUps--);
  }

  get name(): string {
    return nameOf(this.identity);
  }

  get device(): LiveDevice | null {
    return this.identity.kind === 'device' ? this.identity.device : null;
  }

  /** QoS of the subscription that matches, null when there is none. */
  subscribedQos(topic: string): 0 | 1 | null {
    let qos: 0 | 1 | null = null;
    for (const [filter, subscription] of Object.entries(this.client.subscriptions)) {
      if (matches(filter, topic)) qos = subscription.granted > 0 ? 1 : (qos ?? 0);
    }
    return qos;
  }

  /** In the spelling that the device subscribed to; null while it has subscribed to neither. */
  commandTopic(): { topic: string; qos: 0 | 1 } | null {
    if (this.identity.kind !== 'device' || !this.client.connected || this.client.closed) return null;
    const { deviceId } = this.identity;
    for (const topic of [topicOf.commandRequest(deviceId), topicOf.olderCommandRequest(deviceId)]) {
      const qos = this.subscribedQos(topic);
      if (qos !== null) return { topic, qos };
    }
    return null;
  }

  /** To this connection alone. false: not subscribed, or not writable. */
  send(topic: string, payload: string): boolean {
    const qos = this.subscribedQos(topic);
    if (qos === null || !sendTo(this.client, topic, payload, qos)) return false;
    this.#onSent(qos, payload);
    return true;
  }

  /** As `send`, but kept until the device subscribes or disconnects. */
  sendOrHold(topic: string, payload: string): void {
    if (this.send(topic, payload)) return;
    this.#held.push({ topic, payload });
    if (this.#held.length > MAX_HELD) this.#held.shift();
  }

  /** What is held for this topic has lost its meaning. */
  forget(topic: string): void {
    this.#held = this.#held.filter((held) => held.topic !== topic);
  }

  sendHeld(): void {
    this.#held = this.#held.filter(({ topic, payload }) => !this.send(topic, payload));
  }
}

/** Live sessions by connection, and those of devices by id. */
export function createSessions(onSent: OnSent) {
  const byClient = new WeakMap<EngineClient, Session>();
  const live = new Set<Session>();
  const byDevice = new Map<string, Session>();
  /** What was taken away lately, and when: a log-in that had begun before must not outlive it. */
  const taken = new Map<string, number>();

  return {
    flusher: new AckFlusher(),
    onSent,
    /** From its log-in on it can be ended; it is forgotten when its connection closes. */
    attach(client: EngineClient, session: Session): void {
      byClient.set(client, session);
      live.add(session);
      client.conn.once('close', () => live.delete(session));
      if (client.conn.destroyed) live.delete(session);
    },
    of: (client: EngineClient) => byClient.get(client),
    all: (): Iterable<Session> => live,
    get count() {
      return live.size;
    },
    device: (deviceId: string) => byDevice.get(deviceId),

    /** Ends every session that hangs on it, also those whose log-in is under way. */
    end(key: string): void {
      const now = performance.now();
      for (const [old, at] of taken) if (now - at > LOGIN_LIMIT_MS) taken.delete(old);
      taken.set(key, now);
      for (const session of [...live]) {
        if (!session.hangsOn(key)) continue;
        const { client } = session;
        session.over = true;
        // It has no right to its last words either.
        client.will = null;
        client._will = null;
        // One that Aedes has not registered yet ends as soon as it is: see `isOver`.
        if (client.connackSent) client.close();
      }
    },
    /** Was something taken away that this session hangs on, since its log-in began? */
    isOver(session: Session): boolean {
      for (const [key, at] of taken) session.over ||= at >= session.begunAt && session.hangsOn(key);
      return session.over;
    },
    open(session: Session): void {
      if (session.identity.kind !== 'person') byDevice.set(session.identity.deviceId, session);
    },
    close(session: Session): void {
      const { identity } = session;
      if (identity.kind !== 'person' && byDevice.get(identity.deviceId) === session) {
        byDevice.delete(identity.deviceId);
      }
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;
