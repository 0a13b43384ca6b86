import type { Certificates } from '../certs/index.ts';
import { createDatabaseSize } from '../db/database-size.ts';
import type { BackupReport, NodeReport, NodeState, RedisState, SystemReport } from '../db/domain/system.ts';
import type { LocalLiveState } from '../db/live-state/index.ts';
import type { OpenCluster } from './cluster.ts';
import type { Disk } from './disk.ts';
import { type Foundation, packageVersion } from './foundation.ts';
import { createLoopLag } from './loop-lag.ts';

/** More than the clock is slewed between two looks. */
const CLOCK_MOVED_MS = 1000;

export interface SystemDeps {
  foundation: Foundation;
  nodes: () => NodeState[];
  disk: Pick<Disk, 'reports'>;
  certificates: Pick<Certificates, 'reports'>;
  backups: { report(): Promise<BackupReport> };
  mdnsName: () => string | null;
  ports: () => SystemReport['listeners'];
}

export interface NodeReportDeps {
  /** Of this run of the program. */
  id: string;
  name: string;
  now: () => number;
  live: Pick<LocalLiveState, 'countDevices' | 'presence'>;
  /** Of MQTT. */
  connections: () => number;
  /** What the rest of the program knows of this node. */
  standing: () => { leader: boolean; draining: boolean; redis: RedisState };
  onStop: (stop: () => void) => void;
}

/** The same at each look, and right also where the clock of the machine was set after the start. */
function startTime(now: () => number): () => Date {
  let told = Number.NEGATIVE_INFINITY;
  return () => {
    const computed = Math.round(now() - process.uptime() * 1000);
    if (Math.abs(computed - told) > CLOCK_MOVED_MS) told = computed;
    return new Date(told);
  };
}

/** Of this node among others; null: it is alone. */
export const standingOf = (
  cluster: Pick<OpenCluster, 'leader' | 'bus'> | null,
  draining: boolean,
): ReturnType<NodeReportDeps['standing']> => ({
  leader: cluster?.leader.holds('upkeep') ?? true,
  draining,
  redis: cluster === null ? null : cluster.bus.ready ? 'ok' : 'away',
});

/** Of this process. */
export function createNodeReport(deps: NodeReportDeps): () => NodeReport {
  const { id, name, now, live, connections, standing, onStop } = deps;
  const version = packageVersion();
  const startedAt = startTime(now);
  const lag = createLoopLag();
  lag.start();
  onStop(lag.stop);
  return () => ({
    id,
    name,
    version,
    ...standing(),
    nodeVersion: process.versions.node,
    startedAt: startedAt(),
    memoryBytes: process.memoryUsage.rss(),
    eventLoopLag: lag.p99(),
    connections: connections(),
    devicesConnected: live.presence.countHere(),
    devicesTotal: live.countDevices(),
  });
}

/** Gathers what is known of the running program where it is known. */
export function openSystem({
  foundation,
  nodes,
  disk,
  certificates,
  backups,
  mdnsName,
  ports,
}: SystemDeps): () => Promise<SystemReport> {
  const { sql, database } = foundation;
  const databaseSize = createDatabaseSize(sql);
  return async () => {
    const [bytes, disks, backup] = await Promise.all([databaseSize(), disk.reports(), backups.report()]);
    return {
      database: { kind: 'folder' in database.target ? 'embedded' : 'server', bytes },
      nodes: nodes(),
      disks,
      certificates: certificates.reports(),
      backup,
      mdnsName: mdnsName(),
      listeners: ports(),
    };
  };
}
