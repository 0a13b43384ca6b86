import { accessSync, constants, existsSync, rmSync, statSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { DataDirLockedError, hold, openDataDir } from '../data-dir.ts';
import { makeFolder } from '../durable-file.ts';
import { diskTrouble } from '../embedded/room.ts';
import { startThread } from '../embedded/thread.ts';
import type { MinFree } from '../history/disk-state.ts';
import { spaceOf } from '../history/volumes.ts';
import { shortSocketPath } from '../socket-path.ts';
import { copyEmbedded, sizeOf } from './embedded-copy.ts';
import { claimFolder } from './owner.ts';
import { handOverAll } from './place.ts';
import { nextBackupPath, removePartials } from './rotation.ts';
import { type Backup, type BackupJob, writeBackup } from './write-backup.ts';

const MIB = 1024 * 1024;
/** Of this process, as `nice` counts. */
const LOW_PRIORITY = 10;
/** Beyond what the guard of the disk wants free: it would drop the oldest readings for a backup. */
const MORE_FREE_BYTES = 64 * MIB;
/** Of the files of the embedded database: what its backup takes is less, indexes and free room are not in it. */
const FILE_SHARE = 0.5;

/** Where the embedded database is copied to while it runs. */
export const copyPathIn = (dataDir: string): string => join(dataDir, 'db.copy');

/** Another backup of the same folder is under way. */
export class BackupRunningError extends Error {}

/** There is not enough room for a backup; the message says how much is needed. */
export class NoRoomError extends Error {}

export interface BackUpOptions extends Omit<BackupJob, 'target' | 'path'> {
  /** null: the embedded database of DATA_DIR. */
  url: string | null;
  /** A new name in a folder of backups, or a path. */
  to: { folder: string } | { path: string };
  minFree: MinFree;
}

/** Backs up a box, whether its server runs or not, in a process that does nothing else: it is niced. Errors: BackupRunningError, NoRoomError, those of the disk and the database. */
export async function backUp(options: BackUpOptions): Promise<Backup> {
  const { dataDir, url, to, passphrase, now = Date.now } = options;
  checkFolder(dataDir);
  // The processor is for devices first.
  if (getPriority() < LOW_PRIORITY) setPriority(LOW_PRIORITY);
  const release = await hold(
    dataDir,
    'backup',
    (_folder, holder) => new BackupRunningError(`process ${holder} is making a backup: wait for its end`),
  );
  try {
    if ('folder' in to) {
      makeFolder(to.folder);
      claimFolder(to.folder, dataDir);
      removePartials(to.folder);
    }
    const path = 'path' in to ? to.path : nextBackupPath(to.folder, passphrase !== null, now());
    if (existsSync(path)) throw new Error(`${path} exists already: name a new file`);
    const job = { ...options, path };
    if (url !== null) return await guarded({ ...job, target: { url } });
    return await backUpEmbedded(job);
  } catch (error) {
    const trouble = diskTrouble(error);
    if (trouble === null) throw error;
    throw new NoRoomError(
      `there is no new backup, older ones are as they were: ${trouble}, or set BACKUP_DIR to another one`,
      { cause: error },
    );
  } finally {
    await release();
  }
}

function checkFolder(dataDir: string): void {
  if (!existsSync(dataDir)) {
    throw new Error(`there is no folder ${dataDir}: set DATA_DIR as the server has it`);
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    throw new Error(`this user may not use DATA_DIR ${dataDir}: run this as its owner, or with sudo`);
  }
}

async function backUpEmbedded(options: BackUpOptions & { path: string }): Promise<Backup> {
  const { dataDir } = options;
  if (!existsSync(join(dataDir, 'db'))) {
    throw new Error(
      `there is no database in ${dataDir}: set DATA_DIR (or DATABASE_URL) as the server has it`,
    );
  }
  let folder: Awaited<ReturnType<typeof openDataDir>>;
  try {
    folder = await openDataDir(dataDir);
  } catch (error) {
    if (!(error instanceof DataDirLockedError)) throw error;
    return await backUpRunning(options);
  }
  try {
    return await backUpFolder(options, { folder: join(dataDir, 'db') });
  } finally {
    handOverAll(join(dataDir, 'db'));
    await folder.release();
  }
}

async function backUpRunning(options: BackUpOptions & { path: string }): Promise<Backup> {
  const { dataDir, onProgress, minFree } = options;
  const copy = copyPathIn(dataDir);
  // Of a backup that was cut.
  rmSync(copy, { recursive: true, force: true });
  const needed = sizeOf(join(dataDir, 'db')) * (1 + FILE_SHARE) + (await reserveOf(dataDir, minFree));
  const { free } = await spaceOf(dataDir);
  if (free < needed) throw noRoom(dataDir, free, needed);
  try {
    await copyEmbedded({
      ...{ dataDir, to: copy },
      onProgress: (done, total) => onProgress?.({ step: 'copying', done, total }),
    });
    return await backUpFolder(options, { folder: copy, passing: true });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Of a folder that nobody else uses. */
async function backUpFolder(
  options: BackUpOptions & { path: string },
  database: { folder: string; passing?: boolean },
): Promise<Backup> {
  const socketPath = shortSocketPath(options.dataDir, 'backup-postgres');
  const thread = await startThread({ ...database, socketPath });
  try {
    return await guarded({ ...options, target: { socketPath } });
  } finally {
    await thread.stop();
    rmSync(socketPath, { force: true });
  }
}

/** Ends before the disk of the data is so full that something would have to be dropped from it. */
async function guarded(job: BackupJob & { minFree: MinFree }): Promise<Backup> {
  const folder = join(job.path, '..');
  const isSameDisk = statSync(folder).dev === statSync(job.dataDir).dev;
  if (!isSameDisk) return await writeBackup(job);
  const reserve = await reserveOf(job.dataDir, job.minFree);
  return await writeBackup({
    ...job,
    mayGoOn: async () => {
      const { free } = await spaceOf(folder);
      if (free < reserve) throw noRoom(folder, free, reserve);
    },
  });
}

async function reserveOf(folder: string, minFree: MinFree): Promise<number> {
  const { size } = await spaceOf(folder);
  const wanted = 'percent' in minFree ? (size * minFree.percent) / 100 : minFree.bytes;
  return wanted * 1.1 + MORE_FREE_BYTES;
}

function noRoom(folder: string, free: number, needed: number): NoRoomError {
  const mib = (bytes: number) => `${Math.ceil(bytes / MIB)} MiB`;
  return new NoRoomError(
    `a backup needs ${mib(needed)} free on the disk of ${folder}, and there are ${mib(free)}: free some, or set BACKUP_DIR to another disk`,
  );
}
