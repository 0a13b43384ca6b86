import { createHmac, X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import { type BusService, createBus } from '../cluster/bus.ts';
import { connectRedis } from '../cluster/redis.ts';
import { createSessionStore, type SessionStore } from '../cluster/session-store.ts';
import type { Config } from '../config/index.ts';
import { connect } from '../db/client.ts';
import { readClusterId } from '../db/cluster/cluster-id.ts';
import { createLeader, type LeaderService } from '../db/cluster/leader.ts';
import { createNodes, type NodesService } from '../db/cluster/nodes.ts';
import { createNotices, type NoticesService } from '../db/cluster/notices.ts';
import { createSharedTurns } from '../db/cluster/turns.ts';
import type { NodeReport } from '../db/domain/system.ts';
import type { Turns } from '../db/history/turns.ts';
import type { Foundation, OnStop } from './foundation.ts';

const LAST_WRITES_MS = 1000;

export interface OpenCluster {
  nodes: NodesService;
  notices: NoticesService;
  bus: BusService;
  leader: LeaderService;
  /** For what one node at a time may do. */
  turns: Turns;
  /** Sessions, what is retained, and wills. */
  store: SessionStore;
}

export interface ClusterDeps {
  foundation: Foundation;
  config: Config;
  jwtSecret: string;
  /** What devices and apps must trust, PEM: two CAs while it is being changed. */
  caBundle: () => string;
  report: () => NodeReport;
  onStop: OnStop;
  log: Logger;
}

/** Tells two secrets apart and gives neither away. */
const markOf = (secret: string) =>
  createHmac('sha256', secret).update('pm-iot: is it the same?').digest('hex').slice(0, 32);

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const fingerprintsOf = (bundle: string): string[] =>
  (bundle.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem).fingerprint256);

/** The other nodes; null when this one is alone (no REDIS_URL). It listens when it resolves, and has told nothing yet. */
export async function openCluster(deps: ClusterDeps): Promise<OpenCluster | null> {
  const { foundation, config, jwtSecret, caBundle, report, onStop, log } = deps;
  const { redis: target, nodeName } = config;
  const { sql, database, locks } = foundation;
  if (target === null || locks === null) return null;
  const leader = createLeader({ locks, log });
  const nodes = createNodes({
    sql,
    name: nodeName,
    identity: () => ({
      JWT_SECRET: markOf(jwtSecret),
      'The CA (certs/ca.crt in DATA_DIR)': fingerprintsOf(caBundle()).join(' '),
    }),
    report,
    now: foundation.now,
    log,
  });
  const notices = createNotices({
    nodeId: nodes.id,
    others: nodes.others,
    sql,
    connectListener: (told) => connect(database.target, log, 1, told),
    log,
  });
  // A Redis may serve several clusters: its numbered databases have their channels in common.
  const keyPrefix = `pm-iot:${await readClusterId(sql)}:`;
  const redis = connectRedis(target, log, { keyPrefix });
  const bus = createBus({
    nodeId: nodes.id,
    channel: `${keyPrefix}nodes`,
    publisher: connectRedis(target, log),
    subscriber: connectRedis(target, log, { subscriber: true }),
    nodes,
    log,
  });
  const store = createSessionStore({
    ...{ redis, log },
    nodeId: nodes.id,
    expirySeconds: config.sessionExpiryMs / 1000,
    registry: foundation.metrics,
    queues: foundation.queues,
  });
  onStop(async () => {
    await leader.resign();
    await store.stop(LAST_WRITES_MS);
    await bus.stop();
    await notices.stop();
    await nodes.leave();
    redis.disconnect();
  });
  // Whoever changes something waits for the nodes that it knows of.
  notices.on('who-is-there', nodes.look);
  await nodes.join();
  await notices.start();
  await bus.start();
  await store.start();
  return { nodes, notices, bus, leader, turns: createSharedTurns({ locks, sql }), store };
}
