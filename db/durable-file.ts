import {
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** What root makes belongs to the owner of the folder around it: the program that runs there must be able to read it. */
function ownerFor(path: string): { uid: number; gid: number } | null {
  const { uid, gid } = statSync(dirname(path));
  return process.getuid?.() === 0 && uid !== 0 ? { uid, gid } : null;
}

/** Whole or not at all, and on the disk when it returns. `mode` 0600 for keys, 0644 for what everybody may read. */
export function writeFileDurably(path: string, content: string | Uint8Array, mode: number): void {
  const draft = `${path}.${process.pid}.tmp`;
  // Of a process that was cut and had this id; or a link, which root must not follow in a folder of another user's.
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', mode);
  try {
    const owner = ownerFor(path);
    if (owner !== null) fchownSync(file, owner.uid, owner.gid);
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncPath(dirname(path));
}

/** All that is in a folder is on the disk when it returns; it itself, in the one above, is not. */
export function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else if (entry.isFile()) syncPath(path);
  }
  syncPath(folder);
}

/** What has been written to a file, or which names a folder has, is on the disk when it returns. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** To the owner of the folder around it, where root has made it. */
export function handOver(path: string): void {
  const owner = ownerFor(path);
  if (owner !== null) lchownSync(path, owner.uid, owner.gid);
}

/**
 * A folder (0700), and those above it that are missing, each told to `made`. Level by level: `recursive` never ends below
 * a folder in which nothing can be made, such as /proc.
 */
export function makeFolder(path: string, made: (path: string) => void = handOver): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), made);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it in between.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
  made(path);
}
