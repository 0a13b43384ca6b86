import { closeSync, fchownSync, fsyncSync, openSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Whole or not at all, and on the disk when it returns. `mode` 0600 for keys, 0644 for what everybody may read. What
 * root writes belongs to the owner of the folder: the program that runs there must be able to read it.
 */
export function writeFileDurably(path: string, content: string | Uint8Array, mode: number): void {
  const draft = `${path}.${process.pid}.tmp`;
  const file = openSync(draft, 'w', mode);
  try {
    const { uid, gid } = statSync(dirname(path));
    if (process.getuid?.() === 0 && uid !== 0) fchownSync(file, uid, gid);
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
