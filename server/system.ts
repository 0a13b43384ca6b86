import { hostname } from 'node:os';
import type { Broker } from '../broker/index.ts';
import type { Certificates } from '../certs/index.ts';
import { createDatabaseSize } from '../db/database-size.ts';
import type { SystemReport } from '../db/domain/system.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { Disk } from './disk.ts';
import type { Foundation } from './foundation.ts';
import { createLoopLag } from './loop-lag.ts';

/** More than the clock is slewed between two looks. */
const CLOCK_MOVED_MS = 1000;

export interface SystemDeps {
  foundation: Foundation;
  live: Pick<LiveState, 'devices'>;
  broker: Pick<Broker, 'connections'>;
  disk: Pick<Disk, 'reports'>;
  certificates: Pick<Certificates, 'reports'>;
  ports: () => SystemReport['listeners'];
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

/** Gathers what is known of the running program where it is known. */
export function openSystem(deps: SystemDeps): () => Promise<SystemReport> {
  const { live, broker, disk, certificates, ports, onStop } = deps;
  const { sql, database, now } = deps.foundation;
  const databaseSize = createDatabaseSize(sql);
  const startedAt = startTime(now);
  const lag = createLoopLag();
  lag.start();
  onStop(lag.stop);

  const node = () => {
    const devices = [...live.devices()];
    return {
      name: hostname(),
      nodeVersion: process.versions.node,
      startedAt: startedAt(),
      memoryBytes: process.memoryUsage.rss(),
      eventLoopLag: lag.p99(),
      connections: broker.connections,
      devicesConnected: devices.filter(({ connected }) => connected).length,
      devicesTotal: devices.length,
    };
  };

  return async () => {
    const [bytes, disks] = await Promise.all([databaseSize(), disk.reports()]);
    return {
      database: { kind: 'folder' in database.target ? 'embedded' : 'server', bytes },
      nodes: [node()],
      disks,
      certificates: certificates.reports(),
      listeners: ports(),
    };
  };
}
