import { readdirSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * `pm-iot-000042-20261128T160000Z.tar.gz`: backups are told apart and put in order by their number. The time is for people:
 * a clock may have jumped.
 */
const NAME = /^pm-iot-(\d{6,12})-(\d{8}T\d{6}Z)\.tar\.gz(\.age)?$/;
const PARTIAL = /^pm-iot-\d{6,12}-\d{8}T\d{6}Z\.tar\.gz(\.age)?\.partial$/;

export interface KeptBackup {
  path: string;
  number: number;
  /** As the clock of the machine told it then. */
  at: Date;
}

/** Of milliseconds, as it stands in names of files: `20261128T160000Z`. */
export const nameTime = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

const timeOf = (text: string): Date =>
  new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/** The oldest first; none where there is no such folder. */
export const listBackups = (folder: string): KeptBackup[] => backupsAmong(folder, namesIn(folder));

export interface NewestBackup extends KeptBackup {
  bytes: number;
}

/** null: there is none. On a share that does not answer it may never end: nobody is to wait for that. */
export async function newestBackup(folder: string): Promise<NewestBackup | null> {
  const names = await readdir(folder).catch(() => []);
  const newest = backupsAmong(folder, names).at(-1);
  return newest === undefined ? null : { ...newest, bytes: (await stat(newest.path)).size };
}

function backupsAmong(folder: string, names: readonly string[]): KeptBackup[] {
  return names
    .flatMap((name) => {
      const [, number, time = ''] = NAME.exec(name) ?? [];
      return number === undefined
        ? []
        : [{ path: join(folder, name), number: Number(number), at: timeOf(time) }];
    })
    .sort((a, b) => a.number - b.number);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A path in `folder` that no backup has yet. */
export function nextBackupPath(folder: string, encrypted: boolean, now: number): string {
  const number = (listBackups(folder).at(-1)?.number ?? 0) + 1;
  return join(
    folder,
    `pm-iot-${String(number).padStart(6, '0')}-${nameTime(now)}.tar.gz${encrypted ? '.age' : ''}`,
  );
}

/** Removes the oldest beyond `keep`, and gives their paths. By count alone: whatever the clock says, the newest stay. */
export function rotate(folder: string, keep: number): string[] {
  const gone = listBackups(folder).slice(0, -keep);
  for (const { path } of gone) rmSync(path, { force: true });
  return gone.map(({ path }) => path);
}

/** What backups that were cut have left. Whoever calls it must be the only one that writes there. */
export function removePartials(folder: string): void {
  for (const name of namesIn(folder)) if (PARTIAL.test(name)) rmSync(join(folder, name), { force: true });
}
