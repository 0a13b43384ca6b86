import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../config/index.ts';
import { ownState } from '../db/cluster/nodes.ts';
import { collectGarbage } from '../db/collect-garbage.ts';
import { checkNothingLost, readOrCreateSecret } from '../db/data-dir.ts';
import { createFences } from '../db/domain/fence.ts';
import type { MetricsText } from '../db/domain/system.ts';
import { monotonic } from '../db/domain/time.ts';
import { createLiveState } from '../db/live-state/index.ts';
import { createLimitWatch } from '../net/limit-watch.ts';
import { openAccounts } from './accounts.ts';
import { openApp } from './app.ts';
import { openBackups } from './backups.ts';
import { openBroker } from './broker.ts';
import { openServerCertificates, tellAuthority } from './certificates.ts';
import { openDisk } from './disk.ts';
import { createDrain } from './drain.ts';
import { type OnStop, openFoundation } from './foundation.ts';
import { makeFirstAdmin } from './greeting.ts';
import { openHistory } from './history.ts';
import { createListeners } from './listeners.ts';
import { openProbes } from './probes.ts';
import { openShared } from './shared.ts';
import { createNodeReport, type NodeReportDeps, standingOf } from './system.ts';
import { openWriter } from './writer.ts';

type Drain = ReturnType<typeof createDrain>;
export type ListenerPorts = ReturnType<typeof createListeners>['ports'];

/** Of the 10 s that a stop may take. */
const QUIESCE_MS = 4000;
const LAST_COMMIT_MS = 2000;
const LAST_ANSWERS_MS = 1000;

export interface Running {
  /** What was accepted is committed and acknowledged, then all ends. */
  stop(): Promise<void>;
  /** Resolves once all clients have been sent away, or when `stop` is called; `stop` is still to be called. */
  drain(): Promise<void>;
}

export interface ServerDeps {
  config: Config;
  log: Logger;
  /** Something without which nothing can be stored has ended. */
  onFatal: (error: Error) => void;
  /** An administrator wants the node drained. */
  onDrain: () => void;
  /** What is told of what this process measures: of it alone, or of all that share its ports. */
  readMetrics: (own: Registry) => MetricsText;
  /** Told the bound ports, once every listener is up. */
  onReady: (ports: ListenerPorts) => void;
}

/** Composes the program: everything that lives longer than a request is made and wired here, and stopped in reverse. */
export async function startServer(deps: ServerDeps): Promise<Running> {
  const stops: (() => Promise<void> | void)[] = [];
  let drain: Drain | null = null;
  const stop = async () => {
    drain?.cut();
    for (const end of stops.reverse()) await end();
  };
  try {
    drain = await compose(deps, (end) => stops.push(end));
  } catch (error) {
    await stop();
    throw error;
  }
  const { drain: begin } = drain;
  return { stop, drain: begin };
}

async function compose(deps: ServerDeps, onStop: OnStop): Promise<Drain> {
  const { config, log, onFatal, onDrain, onReady } = deps;
  const foundation = await openFoundation({ config, log, onStop, onFatal });
  const { part, now, dataDir, sql, db, metrics, eventLog } = foundation;
  const limitWatch = createLimitWatch({ registry: metrics, events: eventLog, log: part('limits') });
  checkNothingLost(dataDir, { certificates: 'certs', secret: 'jwt.secret' });
  const certificates = await openServerCertificates(foundation, config);
  const fences = createFences(foundation.nodeId, now);
  const { offlineAfterMs } = config;
  const local = createLiveState({ db, sql, log: part('live'), now, monotonic, offlineAfterMs, fences });
  const jwtSecret = config.jwtSecret ?? readOrCreateSecret(dataDir, 'jwt.secret');
  let connections = () => 0;
  const redis = config.redis === null ? null : 'away';
  let standing: NodeReportDeps['standing'] = () => ({ leader: false, draining: false, redis });
  const report = createNodeReport({
    id: foundation.nodeId,
    name: config.nodeName,
    now,
    live: local,
    connections: () => connections(),
    standing: () => standing(),
    onStop,
  });
  // Before anything is read: whatever changes from here on is told.
  // Loaded where there are other nodes: what speaks to Redis costs a lone one a tenth of a second and 15 MB.
  const cluster =
    config.redis === null
      ? null
      : await import('./cluster.ts').then(({ openCluster }) =>
          openCluster({
            ...{ foundation, config, jwtSecret, report, onStop },
            caBundle: certificates.bundle,
            log: part('cluster'),
          }),
        );
  const shared = openShared({
    ...{ cluster, live: local, fences, onStop },
    pairTimeoutMs: config.pairTimeoutMs,
    log: part('cluster'),
  });
  const { live } = shared;
  await live.load();
  live.start();
  onStop(live.stop);

  const { accounts, guesses, probeLogin } = await openAccounts({
    ...{ foundation, config, jwtSecret, limitWatch, cluster, onStop },
    changed: shared.accountsChanged,
  });
  const { history, load, dropped, start } = await openHistory({ foundation, config, cluster, onStop });
  const writer = openWriter({ foundation, config, history, load, live: local, told: live });
  const disk = await openDisk({
    ...{ foundation, config, writer, dropped, onStop },
    leader: cluster?.leader ?? null,
    dropOldestDay: history.dropOldestDay,
  });

  const backups = openBackups({ foundation, config, leader: cluster?.leader ?? null, onStop });

  const { broker, commands, link, clients, admission, devices, enrollments } = openBroker({
    ...{ foundation, config, cluster, shared, local, history, writer, accounts, guesses, limitWatch },
    caBundle: certificates.bundle,
  });
  connections = () => broker.connections;
  await commands.start();
  await shared.begin({ broker, commands, accounts });
  start();

  let started = false;
  const ports = () => listeners.ports;
  const probes = openProbes({
    ...{ foundation, config, local, writer, disk, devices, broker, probeLogin, ports },
    freshness: shared.freshness,
    draining: () => drain.draining,
  });
  const app = openApp({
    ...{
      foundation,
      config,
      live,
      commands,
      link,
      accounts,
      clients,
      devices,
      enrollments,
      history,
      disk,
      backups,
      certificates,
      probes,
      ports,
    },
    started: () => started,
    metrics: deps.readMetrics(metrics),
    nodes: cluster?.nodes.states ?? (() => [ownState(report(), now())]),
    drain: onDrain,
    shared,
  });
  const listeners = createListeners({
    ...{ config, app, broker, certificates, admission, clients, registry: metrics },
    log: part('net'),
  });
  const drain = createDrain({
    spreadMs: config.drainMs,
    resign: async () => cluster?.leader.resign(),
    refuse: listeners.refuse,
    sendAway: broker.sendAway,
    log: part('drain'),
  });
  standing = () => standingOf(cluster, drain.draining);
  onStop(async () => {
    const closed = listeners.close();
    // Whoever waits for the end of a command is told how it is now.
    await commands.stop();
    await broker.quiesce(QUIESCE_MS);
    await writer.stop(LAST_COMMIT_MS);
    await broker.stop();
    await Promise.race([closed, sleep(LAST_ANSWERS_MS)]);
    listeners.cut();
  });
  await broker.start(commands);
  await collectGarbage();
  await listeners.open();
  // Last of what may fail, and told at once: nobody could find out a password that was made and not told.
  const bound = listeners.ports;
  await makeFirstAdmin({ accounts, config, ports: bound, hosts: certificates.hosts() });
  tellAuthority(certificates, log);
  if (config.mdnsName !== null) {
    // Last, so that its goodbye comes first. Loaded where it is asked for.
    const { openMdns } = await import('./mdns.ts');
    openMdns({ foundation, config, ports: bound, onStop });
  }
  started = true;
  onReady(bound);
  return drain;
}
