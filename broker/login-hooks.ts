import { randomUUID } from 'node:crypto';
import type { AuthenticateError, ConnectPacket } from 'aedes';
import { isDeviceId } from '../db/domain/device-id.ts';
import type { FlowReason } from '../db/domain/flow-reasons.ts';
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

/** A log-in that is refused. `returnCode` is what Aedes answers. */
class Refused extends Error {
  readonly returnCode: ConnackCode;
  readonly reason: FlowReason;

  constructor(code: ConnackCode, message: string, reason: FlowReason = REASON[code]) {
    super(message);
    this.returnCode = code;
    this.reason = reason;
  }
}

const REASON = {
  [CONNACK.identifier]: 'not_allowed',
  [CONNACK.unavailable]: 'locked',
  [CONNACK.credentials]: 'wrong_credentials',
  [CONNACK.notAuthorized]: 'not_allowed',
} as const satisfies Record<ConnackCode, FlowReason>;

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
      throw new Refused(CONNACK.unavailable, 'too many failed log-ins');
    const outcome = await authenticate({ clientId, username, password, connection });
    if ('refuse' in outcome) {
      const { event: kind, why } = outcome;
      if (kind === 'login_failed') await guesses.failed(name, connection.address);
      if (kind !== undefined) {
        const actor = triedName(name);
        const detail = { action: 'connect', why, address: connection.address };
        events.record({ kind, actor, ...(isDeviceId(actor) && { deviceId: actor }), detail });
      }
      throw new Refused(outcome.refuse, outcome.why);
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
      throw new Refused(CONNACK.notAuthorized, 'the will topic is not allowed');
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
      throw new Refused(CONNACK.unavailable, 'its session cannot be read now', 'unavailable');
    sessions.attach(client, new Session(identity, client, connection.address, begunAt, sessions));
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
        const refused = error instanceof Refused;
        const reason = refused ? error.reason : 'unavailable';
        flows.record('authentication', performance.now() - started, refused, reason);
        // While the database is away all of them come again and again.
        if (!refused)
          log[isNew(UNCHECKED) ? 'warn' : 'debug']({ err: error }, 'a log-in could not be checked');
        counters.denied('connect');
        const answer = refused
          ? error
          : new Refused(CONNACK.unavailable, 'the log-in could not be checked', reason);
        const { address } = deps.connectionOf(client);
        const name = triedName(username ?? pending.get(client)?.clientId ?? '');
        const level = isNew(`${guessKey(name, address)} ${answer.message}`) ? 'info' : 'debug';
        log[level]({ client: name, address, why: answer.message }, 'connection refused');
        callback(answer as Error as AuthenticateError, false);
      },
    );
  };

  return {
    preConnect: guarded(preConnect, (callback, error) => callback(error, false), log),
    authenticate: onAuthenticate,
  };
}
