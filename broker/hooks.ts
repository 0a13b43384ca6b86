import { randomUUID } from 'node:crypto';
import type { AuthenticateError, ConnectPacket, PublishPacket, Subscription } from 'aedes';
import type { EventLog, FlowMeter, Log } from '../db/domain/ports.ts';
import type { Commands } from '../db/domain/services.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { Login } from './authenticate.ts';
import { CONNACK, type ConnackCode, type LoginOutcome } from './authenticate.ts';
import { mayPublish, mayReceive, maySubscribe } from './authorize.ts';
import type { ConnectionInfo } from './connection.ts';
import type { BrokerCounters } from './counters.ts';
import type { Dispatch, Outcome } from './dispatch.ts';
import { isFrozen } from './engine/client.ts';
import { CONSUMED, type EngineClient, type MarkedPacket } from './engine/types.ts';
import { type Identity, nameOf } from './identity.ts';
import { Session, type Sessions } from './sessions.ts';
import { isCommandTopic, isValidFilter, isValidTopic, parseUplink, type Uplink } from './topics.ts';

/** A database that hangs must not leave a client without an answer. */
const AUTHENTICATE_TIMEOUT_MS = 5000;
/** Subscriptions of one connection. */
const MAX_SUBSCRIPTIONS = 1000;

type Callback = (error?: Error | null) => void;

export interface HooksDeps {
  sessions: Sessions;
  live: LiveState;
  dispatch: Dispatch;
  commands: () => Commands;
  authenticate: (login: Login) => Promise<LoginOutcome>;
  /** Wrong guesses of devices, by name and address. */
  guesses: { lockedFor(key: string): number | null; failed(key: string): void };
  events: EventLog;
  flows: FlowMeter;
  counters: BrokerCounters;
  log: Log;
  connectionOf: (client: EngineClient) => ConnectionInfo;
  /** Would anybody be sent a message on this topic, now or later? */
  hasAudience: (topic: string) => boolean;
  stopping: () => boolean;
}

interface Pending {
  clientId: string;
  clean: boolean;
}

function connackError(code: ConnackCode, message: string): AuthenticateError {
  return Object.assign(new Error(message), { returnCode: code }) as AuthenticateError;
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What Aedes asks before it acts. An error given to `authorizePublish` or `authorizeSubscribe` ends the connection;
 * the callback of `authorizePublish` is held until the message is stored, and the acknowledgement with it.
 */
export function createHooks(deps: HooksDeps) {
  const { sessions, live, dispatch, commands, authenticate, guesses, events, flows, counters, log } = deps;
  const pending = new WeakMap<EngineClient, Pending>();

  const denied = (identity: Identity, action: 'publish' | 'subscribe', topic: string, address: string) => {
    counters.denied(action);
    log.info({ client: nameOf(identity), action, topic, address }, 'not allowed');
    events.record({
      kind: 'denied',
      actor: nameOf(identity),
      ...(identity.kind !== 'person' && { deviceId: identity.deviceId }),
      detail: { action, topic: topic.slice(0, 200), address },
    });
  };

  const preConnect = (
    client: EngineClient,
    { clientId, clean = true, will }: ConnectPacket,
    callback: (error: Error | null, ok: boolean) => void,
  ) => {
    pending.set(client, { clientId, clean });
    const bad = clientId.includes('\u0000') || (will && !isValidTopic(will.topic));
    if (deps.stopping() || bad) callback(new Error('connection refused'), false);
    else callback(null, true);
  };

  const logIn = async (client: EngineClient, username: string | null, password: string | null) => {
    const { clientId, clean } = pending.get(client) ?? { clientId: '', clean: true };
    if (clientId === '' && !clean)
      throw connackError(CONNACK.identifier, 'an empty client id needs a clean session');
    const connection = deps.connectionOf(client);
    const key = `${username ?? clientId}\n${connection.address}`;
    if (guesses.lockedFor(key) !== null) throw connackError(CONNACK.unavailable, 'too many failed log-ins');
    const outcome = await authenticate({ clientId, username, password, connection });
    if ('refuse' in outcome) {
      if (outcome.guess) guesses.failed(key);
      throw connackError(outcome.refuse, outcome.why);
    }
    const { identity } = outcome;
    const will = client._will;
    if (will && mayPublish(identity, will.topic) !== 'allow') {
      denied(identity, 'publish', will.topic, connection.address);
      throw connackError(CONNACK.notAuthorized, 'the will topic is not allowed');
    }
    // The session belongs to the user: no id that a person picks can meet that of a device.
    if (identity.kind === 'person')
      client.id = `u${identity.user.id}/${clientId === '' ? randomUUID() : clientId}`;
    sessions.attach(client, new Session(identity, client, connection.address));
  };

  const onAuthenticate = (
    client: EngineClient,
    username: string | undefined,
    password: Readonly<Buffer> | undefined,
    callback: (error: AuthenticateError | null, ok: boolean) => void,
  ) => {
    const started = performance.now();
    within(AUTHENTICATE_TIMEOUT_MS, logIn(client, username ?? null, password?.toString('utf8') ?? null)).then(
      () => {
        flows.record('authentication', performance.now() - started, true);
        callback(null, true);
      },
      (error: unknown) => {
        const refused = error instanceof Error && 'returnCode' in error;
        flows.record('authentication', performance.now() - started, refused);
        if (!refused) log.warn({ err: error }, 'a log-in could not be checked');
        counters.denied('connect');
        const answer = refused
          ? (error as AuthenticateError)
          : connackError(CONNACK.unavailable, 'the log-in could not be checked');
        const { address } = deps.connectionOf(client);
        log.info(
          { client: username ?? pending.get(client)?.clientId, address, why: answer.message },
          'connection refused',
        );
        callback(answer, false);
      },
    );
  };

  const deliver = (
    session: Session,
    uplink: Uplink,
    packet: MarkedPacket,
    done: (outcome: Outcome) => void,
  ) => {
    const { topic, payload, messageId, dup } = packet as MarkedPacket & { messageId?: number };
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const packetId = packet.qos > 0 ? messageId : undefined;
    dispatch.dispatch({ session, uplink, topic, payload: bytes, packetId, dup }, (outcome) => {
      if (outcome === 'refused' || (!packet.retain && !deps.hasAudience(topic))) packet[CONSUMED] = true;
      done(outcome);
    });
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
    const release = session.acks.hold(() => callback(failure));
    const end = (error: Error | null) => {
      failure = error;
      release();
    };
    const proceed = () => {
      if (uplink === null) return end(new Error('not a topic of a device'));
      deliver(session, uplink, packet, (outcome) => {
        end(outcome === 'failed' ? new Error('the message could not be dealt with') : null);
      });
    };
    if (answerTo === null) return proceed();
    if (device === null) return end(new Error('not allowed'));
    // While the database is away the handler waits for it; whoever may not answer is found out there too.
    commands()
      .mayAnswer(device.pk, answerTo)
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
    if (session === undefined || deps.stopping()) return callback(new Error('no session'));
    const { topic, payload } = packet;
    if (!isValidTopic(topic)) return callback(new Error('invalid topic'));
    counters.received(payload.length);
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
    if (session === undefined || !isValidFilter(topic)) return callback(new Error('invalid subscription'));
    const deny = () => {
      denied(session.identity, 'subscribe', topic, session.address);
      callback(null, null);
    };
    if (Object.keys(client.subscriptions).length >= MAX_SUBSCRIPTIONS) return deny();
    const verdict = maySubscribe(session.identity, topic, live);
    if (verdict === 'allow') return callback(null, subscription);
    const { device } = session;
    if (verdict === 'deny' || device === null) return deny();
    commands()
      .mayAnswer(device.pk, verdict.answer)
      .then(
        (allowed) => (allowed ? callback(null, subscription) : deny()),
        (error: unknown) => {
          log.warn({ err: error, topic }, 'a subscription could not be checked');
          callback(null, null);
        },
      );
  };

  const authorizeForward = (client: EngineClient, packet: PublishPacket): PublishPacket | null => {
    const session = sessions.of(client);
    if (session === undefined || !mayReceive(session.identity, packet.topic, live)) return null;
    // Commands are handed to the device's connection by the downlink alone: none comes late or twice.
    if (session.identity.kind !== 'person' && isCommandTopic(packet.topic)) return null;
    if (isFrozen(client)) {
      counters.dropped('slow_reader');
      return null;
    }
    return packet;
  };

  return {
    preConnect: guarded(preConnect, (callback, error) => callback(error, false), log),
    authenticate: onAuthenticate,
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

/** Aedes lets an exception of a hook end the process: here it ends the connection that caused it. */
function guarded<A, B, C>(
  hook: (a: A, b: B, callback: C) => void,
  fail: (callback: C, error: Error) => void,
  log: Log,
) {
  return (a: A, b: B, callback: C): void => {
    try {
      hook(a, b, callback);
    } catch (error) {
      log.error({ err: error }, 'a hook of the broker failed');
      fail(callback, error instanceof Error ? error : new Error(String(error)));
    }
  };
}
