import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../config/index.ts';
import { settingsText } from '../config/settings-text.ts';
import { copyPathIn } from '../db/backup/back-up.ts';
import { backUpInChild } from '../db/backup/in-child.ts';
import { ownFilesOf } from '../db/backup/own-files.ts';
import { type Backups, createBackups } from '../db/backup/schedule.ts';
import { isHeld } from '../db/data-dir.ts';
import type { Leader } from '../db/domain/cluster.ts';
import { monotonic } from '../db/domain/time.ts';
import { type Foundation, type OnStop, packageVersion } from './foundation.ts';

export interface OpenBackupsDeps {
  foundation: Foundation;
  config: Config;
  /** null: this node is alone. */
  leader: Leader | null;
  onStop: OnStop;
}

/** Backups by themselves. */
export function openBackups({ foundation, config, leader, onStop }: OpenBackupsDeps): Backups {
  const { part, dataDir, clock, metrics, eventLog } = foundation;
  const { backup, databaseUrl: url, minFreeDisk: minFree, tlsFiles } = config;
  const log = part('backup');
  const folder = resolve(backup.folder);
  const run = (signal: AbortSignal) => {
    const { passphraseFile, keep } = backup;
    const version = packageVersion();
    const [settings, ownFiles] = [settingsText(process.env), ownFilesOf(tlsFiles)];
    const job = { ...{ dataDir, url, settings, ownFiles, version, minFree, folder }, keep, passphraseFile };
    return backUpInChild(job, log, signal);
  };
  const backups = createBackups({
    ...{ folder, run, clock, monotonic, log, registry: metrics, events: eventLog },
    everyMs: backup.everyMs,
    keep: backup.keep,
    leads: () => leader?.holds('upkeep') ?? true,
  });
  void removeLeftOver(dataDir);
  backups.start();
  onStop(backups.stop);
  return backups;
}

/** A backup that was killed leaves a copy as large as the database. */
async function removeLeftOver(dataDir: string): Promise<void> {
  if (await isHeld(dataDir, 'backup')) return;
  await rm(copyPathIn(dataDir), { recursive: true, force: true }).catch(() => {});
}
