import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientAddresses } from '../db/domain/client-address.ts';
import type { LimitName, Limits, LimitWatch } from '../db/domain/limits.ts';
import { monotonic } from '../db/domain/time.ts';
import type { LiveState } from '../db/live-state/types.ts';
import { type CertificateCheck, type ConnectionInfo, connectionInfo } from './connection.ts';
import { adoptClient } from './engine/client.ts';
import type { Engine } from './engine/engine.ts';
import { PaceBook } from './engine/pace.ts';
import type { EngineClient } from './engine/types.ts';
import type { IntakeGate } from './gate.ts';
import type { Publications } from './publications.ts';
import type { Session, Sessions } from './sessions.ts';

export interface IntakeDeps {
  engine: () => Engine;
  sessions: Sessions;
  gate: IntakeGate;
  live: Pick<LiveState, 'heard'>;
  publications: () => Publications;
  clients: ClientAddresses;
  isOfUse: CertificateCheck;
  limits: Limits;
  limitWatch: LimitWatch;
}

/** A connection that has been taken in. */
export interface Taken {
  /** Its CONNECT has come whole. */
  greeted(): boolean;
  onLogin(listener: () => void): void;
  /** It met a limit: told under the name of its session, or of its address where nobody has logged in. */
  onLimit(limit: LimitName): void;
}

/** Takes connections in: what is known of each before its log-in, and the limits that it is read under. */
export function createIntake(deps: IntakeDeps) {
  const { engine, sessions, gate, live, publications, clients, isOfUse, limits, limitWatch } = deps;
  const paces = new PaceBook(limits);
  const connections = new WeakMap<EngineClient, ConnectionInfo>();
  const connectionOf = (client: EngineClient): ConnectionInfo =>
    connections.get(client) ?? { address: '', certificate: null };

  const reachedBy = (session: Session, limit: LimitName) => {
    const { name, address, identity } = session;
    const ofDevice = identity.kind === 'person' ? {} : { deviceId: identity.deviceId };
    limitWatch.reached(limit, { actor: name, ...ofDevice, address });
  };

  return {
    connectionOf,
    reachedBy,
    /** `request`: the upgrade that a WebSocket came from. */
    accept: (conn: Duplex, request?: IncomingMessage): Taken => {
      const client = engine().handle(conn, request as IncomingMessage) as unknown as EngineClient;
      connections.set(client, connectionInfo(clients, conn, request, isOfUse));
      const onLimit = (limit: LimitName) => {
        const session = sessions.of(client);
        if (session !== undefined) return reachedBy(session, limit);
        const { address } = connectionOf(client);
        limitWatch.reached(limit, { actor: address, address });
      };
      adoptClient(client, {
        gate: {
          // Only what devices send is stored: people are read from always.
          closed: () => gate.closed() && sessions.of(client)?.identity.kind !== 'person',
          wait: (resume) => gate.wait(resume),
          leave: (resume) => gate.leave(resume),
        },
        limits,
        paces,
        now: monotonic,
        onLimit,
        publication: (done) => publications()(client, done),
        onPacket: () => {
          const device = sessions.of(client)?.device;
          if (device) live.heard(device);
        },
      });
      return {
        greeted: () => client.connecting || client.connected,
        onLogin: (listener) => void client.once('connected', listener),
        onLimit,
      };
    },
  };
}
