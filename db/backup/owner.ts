import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writeFileDurably } from '../durable-file.ts';

/** In DATA_DIR: it comes along in a backup, so that a box that was restored goes on in the folder of the one before. */
const OWN_ID = 'box-id';
/** In a folder of backups: whose they are. */
const OWNER = 'pm-iot-box';
const ID = /^[0-9a-f]{16}$/;

/** The folder holds what another box has backed up. */
export class ForeignFolderError extends Error {}

const firstWord = (path: string): string => readFileSync(path, 'utf8').trim().split(' ', 1)[0] ?? '';

function ownId(dataDir: string): string {
  const path = join(dataDir, OWN_ID);
  const known = existsSync(path) ? firstWord(path) : '';
  if (ID.test(known)) return known;
  const made = randomBytes(8).toString('hex');
  writeFileDurably(path, `${made}\n`, 0o600);
  return made;
}

/**
 * Makes sure that the folder is this box's alone. Old backups there are counted and removed: forty boxes on one share
 * would remove each other's, and a new box those of the one whose place it takes, before anybody has restored them.
 * Errors: ForeignFolderError, those of the disk.
 */
export function claimFolder(folder: string, dataDir: string): void {
  const id = ownId(dataDir);
  const path = join(folder, OWNER);
  // A power cut may have left a file of nothing but zeros: then it is nobody's.
  const owner = existsSync(path) ? firstWord(path) : '';
  if (owner === id) return;
  if (!ID.test(owner)) {
    writeFileDurably(path, `${id} ${hostname()}\n`, 0o600);
    return;
  }
  const name = readFileSync(path, 'utf8').trim().slice(owner.length).trim();
  throw new ForeignFolderError(
    `${folder} holds the backups of another box${name === '' ? '' : ` (${name})`}, and old ones are removed there: ` +
      `set BACKUP_DIR to a folder of this box alone; or remove ${path} if this box takes the place of that one`,
  );
}
