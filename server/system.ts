import type { Certificates } from '../certs/index.ts';
import { createDatabaseSize } from '../db/database-size.ts';
import type { NodeReport, SystemReport } from '../db/domain/system.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { Disk } from './disk.ts';
import type { Foundation } from './foundation.ts';
import { createLoopLag } from './loop-lag.ts';

/** More than the clock is slewed between two looks. */
const CLOCK_MOVED_MS = 1000;

export interface SystemDeps {
  foundation: Foundation;
  nodes: () => Promise<NodeReport[]>;
  disk: Pick<Disk, 'reports'>;
  certificates: Pick<Certificates, 'reports'>;
  ports: () => SystemReport['listeners'];
}

export interface NodeReportDeps {
  name: string;
  now: () => number;
  live: Pick<LiveState, 'devices'>;
  /** Of MQTT. */
  connections: () => number;
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

/** Of this process. */
export function createNodeReport({ name, now, live, connections, onStop }: NodeReportDeps): () => NodeReport {
  const startedAt = startTime(now);
  const lag = createLoopLag();
  lag.start();
  onStop(lag.stop);
  return () => {
    const devices = [...live.devices()];
    return {
      name,
      nodeVersion: process.versions.node,
      startedAt: startedAt(),
      memoryBytes: process.memoryUsage.rss(),
      eventLoopLag: lag.p99(),
      connections: connections(),
      devicesConnected: devices.filter(({ connected }) => connected).length,
      devicesTotal: devices.length,
    };
  };
}

/** Gathers what is known of the running program where it is known. */
export function openSystem({
  foundation,
  nodes,
  disk,
  certificates,
  ports,
}: SystemDeps): () => Promise<SystemReport> {
  const { sql, database } = foundation;
  const databaseSize = createDatabaseSize(sql);
  return async () => {
    const [bytes, disks, reports] = await Promise.all([databaseSize(), disk.reports(), nodes()]);
    return {
      database: { kind: 'folder' in database.target ? 'embedded' : 'server', bytes },
      nodes: reports,
      disks,
      certificates: certificates.reports(),
      listeners: ports(),
    };
  };
}
