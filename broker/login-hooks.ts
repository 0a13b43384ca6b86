import { randomUUID } from 'node:crypto';
import type { AuthenticateError, ConnectPacket } from 'aedes';
import { isDeviceId } from '../db/domain/device-id.ts';
import { guessKey, triedName } from '../db/domain/guesses.ts';
import type { EventLog, FlowMeter, Log } from '../db/domain/ports.ts';
import { createRepeats } from '../db/domain/repeats.ts';
import { monotonic } from '../db/domain/time.ts';
import { within } from '../db/domain/within.ts';
import { CONNACK, type ConnackCode, type Login, type LoginOutcome } from './authenticate.ts';
import { mayPublish } from './authorize.ts';
import type { ConnectionInfo } from './connection.ts';
import type { BrokerCounters } from './counters.ts';
import type { Denied } from './denied.ts';
import type { EngineClient } from './engine/types.ts';
import { guarded } from './guarded.ts';
import { sessionPrefix } from './identity.ts';
import { Session, type Sessions } from './sessions.ts';
import { REGISTER } from './topics.ts';

/** A database that hangs must not leave a client without an answer. */
const AUTHENTICATE_TIMEOUT_MS = 5000;
/** The same refusal is logged once within this, for so many names and addresses. */
const LOG_WINDOW_MS = 60_000;
const MAX_LOGGED = 100;
/** No name of anybody: it contains a space. */
const UNCHECKED = 'the database is away';

export interface LoginHooksDeps {
  sessions: Sessions;
  authenticate: (login: Login) => Promise<LoginOutcome>;
  /** Wrong guesses of devices. */
  guesses: {
    lockedFor(name: string, address: string): number | null;
    failed(name: string, address: string): Promise<void>;
  };
  events: EventLog;
  flows: FlowMeter;
  counters: BrokerCounters;
  log: Log;
  denied: Denied;
  connectionOf: (client: EngineClient) => ConnectionInfo;
  /** What is kept of a session is here then. false: it cannot be read now. */
  openSession: (clientId: string) => Promise<boolean>;
  stopping: () => boolean;
}

function connackError(code: ConnackCode, message: string): AuthenticateError {
  return Object.assign(new Error(message), { returnCode: code }) as AuthenticateError;
}

/** From the CONNECT to a session. */
export function createLoginHooks(deps: LoginHooksDeps) {
  const { sessions, authenticate, guesses, events, flows, counters, log, denied } = deps;
  /** As they were sent. */
  const pending = new WeakMap<EngineClient, ConnectPacket>();
  const isNew = createRepeats({ windowMs: LOG_WINDOW_MS, maxKeys: MAX_LOGGED, now: monotonic });

  const preConnect = (
    client: EngineClient,
    packet: ConnectPacket,
    callback: (error: Error | null, ok: boolean) => void,
  ) => {
    pending.set(client, packet);
    if (deps.stopping()) callback(new Error('the server is stopping'), false);
    else callback(null, true);
  };

  const logIn = async (client: EngineClient, username: string | null, password: string | null) => {
    const begunAt = performance.now();
    const packet = pending.get(client);
    const clientId = packet?.clientId ?? '';
    const connection = deps.connectionOf(client);
    const name = username ?? clientId;
    if (guesses.lockedFor(name, connection.address) !== null)
      throw connackError(CONNACK.unavailable, 'too many failed log-ins');
    const outcome = await authenticate({ clientId, username, password, connection });
    if ('refuse' in outcome) {
      const { event: kind, why } = outcome;
      if (kind === 'login_failed') await guesses.failed(name, connection.address);
      if (kind !== undefined) {
        const actor = triedName(name);
        const detail = { action: 'connect', why, address: connection.address };
        events.record({ kind, actor, ...(isDeviceId(actor) && { deviceId: actor }), detail });
      }
      throw connackError(outcome.refuse, outcome.why);
    }
    const { identity } = outcome;
    if (identity.kind === 'person') {
      const { username: actor } = identity.user;
      events.record({ kind: 'mqtt_login', actor, detail: { address: connection.address } });
    }
    const will = client._will;
    // Whoever is gone registers nothing.
    if (will && (will.topic === REGISTER || mayPublish(identity, will.topic) !== 'allow')) {
      denied(identity, 'publish', will.topic, connection.address);
      throw connackError(CONNACK.notAuthorized, 'the will topic is not allowed');
    }
    if (identity.kind === 'person')
      client.id = sessionPrefix(identity.user.id) + (clientId === '' ? randomUUID() : clientId);
    // Nothing is kept for an id that may be made up, until it has registered and comes again.
    if (identity.kind === 'enrolling' && packet !== undefined) {
      packet.clean = true;
      client.clean = true;
    }
    // A device begins anew: it must be able to send. A person is told to come again.
    if (!client.clean && !(await deps.openSession(client.id)) && identity.kind === 'person')
      throw connackError(CONNACK.unavailable, 'its session cannot be read now');
    sessions.attach(client, new Session(identity, client, connection.address, begunAt, sessions.flusher));
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
        // While the database is away all of them come again and again.
        if (!refused)
          log[isNew(UNCHECKED) ? 'warn' : 'debug']({ err: error }, 'a log-in could not be checked');
        counters.denied('connect');
        const answer = refused
          ? (error as AuthenticateError)
          : connackError(CONNACK.unavailable, 'the log-in could not be checked');
        const { address } = deps.connectionOf(client);
        const name = triedName(username ?? pending.get(client)?.clientId ?? '');
        const level = isNew(guessKey(name, address)) ? 'info' : 'debug';
        log[level]({ client: name, address, why: answer.message }, 'connection refused');
        callback(answer, false);
      },
    );
  };

  return {
    preConnect: guarded(preConnect, (callback, error) => callback(error, false), log),
    authenticate: onAuthenticate,
  };
}
