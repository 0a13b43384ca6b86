import type { PublishPacket, Subscription } from 'aedes';
import type { Log } from '../db/domain/ports.ts';
import type { Commands } from '../db/domain/services.ts';
import type { LiveState } from '../db/live-state/types.ts';
import { mayPublish, mayReceive, maySubscribe } from './authorize.ts';
import type { BrokerCounters } from './counters.ts';
import type { Denied } from './denied.ts';
import type { Dispatch } from './dispatch.ts';
import { isResuming, PRESENT } from './engine/persistence.ts';
import { isFrozen } from './engine/send.ts';
import { CONSUMED, type EngineClient, type MarkedPacket } from './engine/types.ts';
import { guarded } from './guarded.ts';
import { Message, type Outcome } from './message.ts';
import type { Session, Sessions } from './sessions.ts';
import { isCommandTopic, parseUplink, type Uplink } from './topics.ts';

/** Subscriptions of one session that wait to be looked up; more are refused. */
const MAX_LOOK_UPS = 10;

type Callback = (error?: Error | null) => void;

export interface HooksDeps {
  sessions: Sessions;
  live: LiveState;
  dispatch: Dispatch;
  commands: () => Commands;
  counters: BrokerCounters;
  log: Log;
  denied: Denied;
  /** Would anybody be sent a message on this topic, now or later? */
  hasAudience: (topic: string) => boolean;
  /** Of one connection. */
  maxSubscriptions: number;
  /** Have the stored sessions of this client's owner as many filters as they may? */
  isFull: (clientId: string) => boolean;
  onLimit: (session: Session, limit: 'subscriptions' | 'unread_bytes') => void;
  stopping: () => boolean;
}

/** One that came through Aedes. */
class ParsedMessage extends Message {
  readonly #settled: (outcome: Outcome) => void;

  constructor(session: Session, uplink: Uplink, packet: MarkedPacket, settled: (outcome: Outcome) => void) {
    const { topic, payload, qos, messageId, dup } = packet as MarkedPacket & { messageId?: number };
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    super(session, uplink, topic, bytes, qos > 0 ? messageId : undefined, dup);
    this.#settled = settled;
  }

  settled(outcome: Outcome): void {
    this.#settled(outcome);
  }
}

/**
 * What Aedes asks before it acts. An error given to `authorizePublish` or `authorizeSubscribe` ends the connection;
 * the callback of `authorizePublish` is held until the message is stored, and the acknowledgement with it.
 */
export function createHooks(deps: HooksDeps) {
  const { sessions, live, dispatch, commands, counters, log, denied } = deps;

  const deliver = (
    session: Session,
    uplink: Uplink,
    packet: MarkedPacket,
    done: (outcome: Outcome) => void,
  ) => {
    const settled = (outcome: Outcome) => {
      if (outcome === 'refused' || (!packet.retain && !deps.hasAudience(packet.topic)))
        packet[CONSUMED] = true;
      done(outcome);
    };
    dispatch.dispatch(new ParsedMessage(session, uplink, packet, settled));
  };

  const fromDevice = (
    session: Session,
    packet: MarkedPacket,
    answerTo: string | null,
    callback: Callback,
  ) => {
    const uplink = parseUplink(packet.topic);
    const { device } = session;
    let failure: Error | null = null;
    const held = { ready: false, ackId: 0, release: () => callback(failure) };
    session.acks.hold(held);
    const end = (error: Error | null) => {
      failure = error;
      session.acks.ready(held);
    };
    const proceed = () => {
      if (uplink === null) return end(new Error('not a topic of a device'));
      // It takes a retained message away [MQTT-3.3.1-10], and says nothing else.
      if (packet.retain && packet.payload.length === 0) return end(null);
      deliver(session, uplink, packet, (outcome) => {
        end(outcome === 'failed' ? new Error('the message could not be dealt with') : null);
      });
    };
    if (answerTo === null) return proceed();
    if (device === null) return end(new Error('not allowed'));
    // While the database is away the handler waits for it; whoever may not answer is found out there too.
    session
      .lookUp(() => commands().mayAnswer(device.pk, answerTo))
      .then(
        (allowed) => {
          if (allowed) return proceed();
          denied(session.identity, 'publish', packet.topic, session.address);
          end(new Error('not allowed to publish here'));
        },
        () => proceed(),
      );
  };

  const authorizePublish = (client: EngineClient | null, packet: PublishPacket, callback: Callback) => {
    const session = client === null ? undefined : sessions.of(client);
    if (session === undefined || session.over || deps.stopping()) return callback(new Error('no session'));
    const { topic, payload } = packet;
    counters.received(parseUplink(topic)?.kind ?? 'other', packet.qos, payload.length);
    const verdict = mayPublish(session.identity, topic);
    if (verdict === 'deny') {
      denied(session.identity, 'publish', topic, session.address);
      return callback(new Error('not allowed to publish here'));
    }
    if (session.identity.kind === 'person') return callback(null);
    fromDevice(session, packet, typeof verdict === 'object' ? verdict.answer : null, callback);
  };

  const authorizeSubscribe = (
    client: EngineClient,
    subscription: Subscription,
    callback: (error: Error | null, subscription?: Subscription | null) => void,
  ) => {
    const session = sessions.of(client);
    const { topic } = subscription;
    if (session === undefined) return callback(new Error('no session'));
    if (topic === PRESENT) return callback(null, null);
    const grant = () => {
      client.grantedFilters.add(topic);
      // What is resumed is stored already.
      if (client.connackSent && !client.clean) client.justGranted.push(subscription);
      callback(null, subscription);
    };
    const deny = () => {
      denied(session.identity, 'subscribe', topic, session.address);
      callback(null, null);
    };
    const { grantedFilters: granted } = client;
    const full = granted.size >= deps.maxSubscriptions || (!client.clean && deps.isFull(client.id));
    if (full && client.connackSent && !granted.has(topic)) {
      deps.onLimit(session, 'subscriptions');
      return callback(null, null);
    }
    const verdict = maySubscribe(session.identity, topic, live);
    if (verdict === 'allow') return grant();
    const { device } = session;
    if (verdict === 'deny' || device === null || session.lookUps >= MAX_LOOK_UPS) return deny();
    session
      .lookUp(() => commands().mayAnswer(device.pk, verdict.answer))
      .then(
        (allowed) => (allowed ? grant() : deny()),
        (error: unknown) => {
          log.warn({ err: error, topic }, 'a subscription could not be checked');
          callback(null, null);
        },
      );
  };

  const authorizeForward = (client: EngineClient, packet: PublishPacket): PublishPacket | null => {
    const session = sessions.of(client);
    if (session === undefined || session.over || isResuming(client, packet)) return null;
    if (!mayReceive(session.identity, packet.topic, live)) return null;
    // Commands are handed to the device's connection by the downlink alone: none comes late or twice.
    if (session.identity.kind !== 'person' && isCommandTopic(packet.topic)) return null;
    if (isFrozen(client)) {
      counters.dropped('slow_reader');
      deps.onLimit(session, 'unread_bytes');
      return null;
    }
    counters.sent('subscription', packet.qos, packet.payload);
    return packet;
  };

  return {
    authorizePublish: guarded(authorizePublish, (callback, error) => callback(error), log),
    authorizeSubscribe: guarded(authorizeSubscribe, (callback, error) => callback(error), log),
    authorizeForward: (client: EngineClient, packet: PublishPacket) => {
      try {
        return authorizeForward(client, packet);
      } catch (error) {
        log.error({ err: error }, 'a delivery could not be checked');
        return null;
      }
    },
  };
}
