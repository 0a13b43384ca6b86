import type { Config } from '../config/index.ts';
import type { Leader } from '../db/domain/cluster.ts';
import type { ReadingWriter } from '../db/domain/services.ts';
import type { DiskReport } from '../db/domain/system.ts';
import { monotonic } from '../db/domain/time.ts';
import { createDiskGuard } from '../db/history/disk-guard.ts';
import { createDiskMetrics, createDiskStateMetric } from '../db/history/disk-metrics.ts';
import { createDiskReport } from '../db/history/disk-report.ts';
import type { DiskState } from '../db/history/disk-state.ts';
import type { DroppedDay, DroppedHistory } from '../db/history/dropped.ts';
import { embeddedVolume, serverVolume, spaceOf } from '../db/history/volumes.ts';
import type { Foundation } from './foundation.ts';

export interface Disk {
  state(): DiskState;
  /** Of DATA_DIR and of the database. */
  reports(): Promise<DiskReport[]>;
}

/** Looks after the disk of the database, where it can be seen. The writer is held already if need be when it resolves. */
export async function openDisk(deps: {
  foundation: Foundation;
  config: Config;
  writer: ReadingWriter;
  dropOldestDay(): Promise<DroppedDay | null>;
  dropped: DroppedHistory;
  /** null: this node is alone. */
  leader: Leader | null;
  onStop: (stop: () => Promise<void>) => void;
}): Promise<Disk> {
  const { foundation, config, writer, dropOldestDay, dropped, leader, onStop } = deps;
  const { part, sql, dataDir, database, metrics, eventLog } = foundation;
  const log = part('disk');
  const { target } = database;
  const volume =
    'folder' in target ? embeddedVolume(target.folder) : await serverVolume(sql, target.url, log);
  createDiskMetrics(metrics, [
    { name: 'data_dir', space: () => spaceOf(dataDir) },
    ...(volume === null ? [] : [{ name: 'database' as const, space: volume.space }]),
  ]);
  const shown = { dataDir, volume, minFree: config.minFreeDisk };
  if (volume === null) return { state: () => 'ok', reports: createDiskReport({ ...shown, guard: null }) };
  const guard = createDiskGuard({
    volume,
    minFree: config.minFreeDisk,
    writer,
    dropOldestDay,
    mayDrop: () => leader?.holds('disk') ?? true,
    dropped,
    events: eventLog,
    log,
    now: monotonic,
  });
  createDiskStateMetric(metrics, guard);
  leader?.stand('disk');
  onStop(guard.stop);
  await guard.start();
  return { state: () => guard.state, reports: createDiskReport({ ...shown, guard }) };
}
