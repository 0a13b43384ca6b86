import type { EventEmitter } from 'node:events';
import type { Log } from '../db/domain/ports.ts';
import { createRepeats } from '../db/domain/repeats.ts';
import { monotonic } from '../db/domain/time.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { ConnectionInfo } from './connection.ts';
import { type Engine, TAKEN_OVER } from './engine/engine.ts';
import { SILENT } from './engine/keepalive.ts';
import { answerIfRepeated } from './engine/repeated.ts';
import { isFrozen } from './engine/send.ts';
import type { EngineClient } from './engine/types.ts';
import type { Sessions } from './sessions.ts';

/** A client that leaves 256 KiB unread for this many sweeps in a row is disconnected. */
const FROZEN_SWEEPS = 3;
const SWEEP_MS = 10_000;
/** The same end of a client is logged once within this, for so many of them. */
const LOG_WINDOW_MS = 60_000;
const MAX_LOGGED = 100;

export interface WatchDeps {
  engine: Engine;
  sessions: Sessions;
  live: LiveState;
  log: Log;
  connectionOf: (client: EngineClient) => ConnectionInfo;
  onSubscribe: (client: EngineClient) => void;
  /** It has been sent what was kept for it. */
  onResumed: (client: EngineClient) => void;
  /** It has logged in. */
  onEstablished: (client: EngineClient) => void;
  /** A device may take commands now. */
  onReachable: (devicePk: number) => void;
  clientIds: { connected(id: string, session: object): void; gone(id: string, session: object): void } | null;
}

/** Follows sessions from their CONNACK to their end, and ends those that do not read. Gives the way to stop. */
export function watchSessions({
  engine,
  sessions,
  live,
  log,
  connectionOf,
  onSubscribe,
  onResumed,
  onEstablished,
  onReachable,
  clientIds,
}: WatchDeps): () => void {
  const frozen = new Map<EngineClient, number>();
  const sessionOf = (client: unknown) => sessions.of(client as EngineClient);

  // Before what was kept for it is sent.
  engine.on('connackSent', (_connack, client) => {
    const session = sessionOf(client);
    // Aedes notes only afterwards that it was sent.
    if (session !== undefined && sessions.isOver(session)) setImmediate(() => session.client.close());
  });
  engine.on('clientReady', (client) => {
    const session = sessionOf(client);
    if (session === undefined) return;
    // It has gone, or is to go, while it was sent what was kept for it.
    if (session.client.closed || session.over) {
      session.client.close();
      return;
    }
    sessions.open(session);
    onResumed(session.client);
    onEstablished(session.client);
    const { device } = session;
    const gone = device !== null && (device.revoked || live.deviceByPk(device.pk) !== device);
    if (gone) {
      session.client.close();
      return;
    }
    if (session.device === null) {
      clientIds?.connected(session.client.id, session);
      return;
    }
    live.connected(session.device, session);
    live.beat(session.device);
    onReachable(session.device.pk);
  });
  engine.on('subscribe', (subscriptions, client) => {
    answerIfRepeated(subscriptions);
    onSubscribe(client as unknown as EngineClient);
    const session = sessionOf(client);
    session?.sendHeld();
    if (session?.device) onReachable(session.device.pk);
  });
  engine.on('clientDisconnect', (client) => {
    const session = sessionOf(client);
    if (session === undefined) return;
    sessions.close(session);
    frozen.delete(session.client);
    clientIds?.gone(session.client.id, session);
    if (session.device !== null) live.disconnected(session.device, session);
  });
  const isNew = createRepeats({ windowMs: LOG_WINDOW_MS, maxKeys: MAX_LOGGED, now: monotonic });
  engine.on('clientError', (client, error) => {
    const session = sessionOf(client);
    if (session !== undefined && error.message === SILENT && isNew(`${SILENT} ${session.client.id}`)) {
      const { name, address } = session;
      log.info(
        { client: name, address },
        'disconnected: nothing came within one and a half times its keep-alive',
      );
      return;
    }
    log.debug({ client: client.id, err: error }, 'connection ended by an error');
  });
  (engine as EventEmitter).on(TAKEN_OVER, (earlier: EngineClient, later: EngineClient) => {
    const [session, next] = [sessionOf(earlier), sessionOf(later)];
    if (session === undefined || !isNew(`taken over ${earlier.id}`)) return;
    log.info(
      { client: session.name, address: next?.address, earlier: session.address },
      'another connection came with the same client id: the earlier one was ended',
    );
  });
  engine.on('connectionError', (client, error) => {
    const { address } = connectionOf(client as unknown as EngineClient);
    log.debug({ address, err: error }, 'connection refused or broken before its log-in');
  });
  // Not among the events that Aedes' types know: without a listener it would end the process.
  (engine as EventEmitter).on('error', (error) => log.error({ err: error }, 'broker error'));

  const sweep = () => {
    for (const { client, name, identity } of sessions.all()) {
      if (identity.kind === 'person' && identity.token !== null && identity.token.expiresAt <= Date.now()) {
        log.info({ client: name }, 'disconnected: its token has expired');
        client.close();
      }
      const sweeps = isFrozen(client) ? (frozen.get(client) ?? 0) + 1 : 0;
      if (sweeps === 0) frozen.delete(client);
      else frozen.set(client, sweeps);
      if (sweeps < FROZEN_SWEEPS) continue;
      log.warn({ client: name }, 'disconnected: it does not read what it is sent');
      client.conn.destroy();
    }
  };
  const sweeper = setInterval(sweep, SWEEP_MS);
  return () => clearInterval(sweeper);
}
