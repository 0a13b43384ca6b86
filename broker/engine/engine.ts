import type { EventEmitter } from 'node:events';
import { Aedes, type AedesOptions, type AedesPublishPacket, type Client, type PublishPacket } from 'aedes';
import { isPerson } from '../../db/domain/broker-store.ts';
import { MAX_RECEIVED } from './persistence.ts';
import { clientOf, type Deliver, Deliveries } from './subscriptions.ts';
import { CONSUMED, type EngineClient, type MarkedPacket, type QueuedPacket } from './types.ts';

type Done = (error?: Error) => void;

/** An event of the engine: a client, and the one that comes in its place under the same id. */
export const TAKEN_OVER = 'takenOver';

/** The brokers of other nodes. */
export interface Others {
  /** Would any of their clients, or one that is nowhere, be sent a message on this topic? */
  matches(topic: string): boolean;
  /** A client here that may be sent what others publish has subscribed. Resolves once they know. */
  subscribed(filter: string): Promise<void>;
  unsubscribed(filter: string): void;
  /** A message that has been queued and is sent to subscribers here. */
  forward(packet: QueuedPacket): void;
}

interface Emitter {
  emit(packet: AedesPublishPacket, done: Done): unknown;
  _matcher: { match(topic: string): unknown[]; remove(topic: string, listener: Deliver): void };
}

const inherited = Aedes.prototype as unknown as {
  registerClient: (client: EngineClient) => void;
  _finishRegisterClient: (client: EngineClient) => void;
};

const concernsOthers = (deliver: Deliver) => isPerson(clientOf(deliver)?.id ?? '');

/**
 * Aedes with corrections: consumed packets go nowhere, a message is delivered once, at the right QoS and without the DUP of
 * its publisher, and the end of an old session never hides its successor.
 */
export class Engine extends Aedes {
  declare readonly clients: Record<string, EngineClient>;
  declare readonly mq: Emitter;
  declare connectedClients: number;
  readonly #deliveries = new Deliveries();
  /** Grows with every change of live subscriptions. */
  subscriptionChanges = 0;
  /** Told of each message of a person or an integration once it has been queued for all who are sent it. */
  onPassedOn: (milliseconds: number, error: Error | null) => void = () => {};
  #others: Others | null = null;
  #emit: Emitter['emit'] | null = null;

  /** Does a live subscription match this topic? With other nodes, one of theirs or a stored one too. */
  hasLiveAudience(topic: string): boolean {
    return this.mq._matcher.match(topic).length > 0 || this.#others?.matches(topic) === true;
  }

  /** From here on others are told what their clients are to be sent. */
  share(others: Others): void {
    const { mq } = this;
    const emit = mq.emit.bind(mq);
    this.#others = others;
    this.#emit = emit;
    mq.emit = (packet, done) => {
      others.forward(packet);
      return emit(packet, done);
    };
  }

  /** To subscribers here alone. */
  emitHere(packet: AedesPublishPacket): void {
    this.#emit?.(packet, () => {});
  }

  override subscribe(topic: string, deliver: Deliver, done: () => void): void {
    this.subscriptionChanges++;
    const others = concernsOthers(deliver) ? this.#others : null;
    const known = others?.subscribed(topic) ?? null;
    const subscribed = known === null ? done : () => void known.then(done);
    super.subscribe(topic, this.#deliveries.listener(deliver) as never, subscribed);
  }

  /** At once: Aedes would take away later what was subscribed anew in between. */
  override unsubscribe(topic: string, deliver: Deliver, done?: () => void): void {
    this.subscriptionChanges++;
    if (concernsOthers(deliver)) this.#others?.unsubscribed(topic);
    this.mq._matcher.remove(topic, this.#deliveries.listener(deliver));
    done?.();
  }

  registerClient(client: EngineClient): void {
    const earlier = this.clients[client.id];
    if (earlier !== undefined && !earlier.closed) (this as EventEmitter).emit(TAKEN_OVER, earlier, client);
    inherited.registerClient.call(this, client);
  }

  /** Aedes lets two clients that come at once both live under one id, and registers those that have gone already. */
  _finishRegisterClient(client: EngineClient): void {
    if (client.closed) return;
    const other = this.clients[client.id];
    if (other !== undefined && !other.closed) {
      other.close(() => this._finishRegisterClient(client));
      return;
    }
    if (other !== undefined) this.connectedClients--;
    inherited._finishRegisterClient.call(this, client);
  }

  override publish(packet: PublishPacket, done: Done): void;
  override publish(packet: PublishPacket, client: Client | null, done: Done): void;
  override publish(packet: MarkedPacket, client: Client | Done | null, done?: Done): void {
    const given = typeof client === 'function' ? client : (done ?? (() => {}));
    const isOfPerson = client !== null && typeof client === 'object' && isPerson(client.id);
    const callback = isOfPerson ? this.#metered(given) : given;
    if (packet[CONSUMED] === true) {
      callback();
      return;
    }
    // Aedes' own types leave out the form with a client.
    const publish = super.publish as unknown as (
      packet: PublishPacket,
      client: Client | null,
      done: Done,
    ) => void;
    // DUP tells of the way from the publisher alone [MQTT-3.3.1-3].
    const sent = packet.dup ? { ...packet, dup: false } : packet;
    publish.call(this, sent, typeof client === 'function' ? null : client, callback);
  }

  #metered(done: Done): Done {
    const started = performance.now();
    return (error) => {
      this.onPassedOn(performance.now() - started, error ?? null);
      done(error);
    };
  }

  /**
   * Aedes deletes whatever stands under the id. When a session ends after its successor has registered (a takeover
   * while the old one was already closing), that would be the successor: it could never be taken over again.
   */
  unregisterClient(client: EngineClient): void {
    if (this.clients[client.id] === client) {
      this.connectedClients--;
      delete this.clients[client.id];
    }
    this.emit('clientDisconnect', client);
    this.publish(
      {
        cmd: 'publish',
        topic: `$SYS/${this.id}/disconnect/clients`,
        payload: client.id,
        qos: 0,
        retain: false,
        dup: false,
      },
      () => {},
    );
  }
}

/** Every limit of Aedes on purpose; those it has none for are in `engine/`. Milliseconds. */
const LIMITS = {
  /** From the first byte to the CONNECT. */
  connectTimeout: 10_000,
  /** Not used for messages (slow readers are dropped from), only as a bound for what Aedes itself waits for. */
  drainTimeout: 30_000,
  heartbeatInterval: 60_000,
  maxTopicLevels: 32,
  maxClientsIdLength: 64,
  /** Packets that a client may send before its CONNACK. */
  queueLimit: 100,
  maxInflightInbound: MAX_RECEIVED,
} satisfies AedesOptions;

export function createEngine(options: AedesOptions): Engine {
  return new Engine({ ...LIMITS, ...options });
}
