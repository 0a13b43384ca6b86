import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Secrets and certificates are a few KiB; what is larger was put there by somebody else. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 50_000;

/**
 * What of DATA_DIR is in no backup: the embedded database (its rows are), backups, what is only of use to a running process,
 * and what is half made. By what is left out, so that a file that a later version keeps there is not forgotten.
 */
const LEFT_OUT =
  /^(db(\..*)?|backups|restoring\.json|restore\.partial|before-restore-.*|restored\.env|lost\+found)$/;
const PASSING = /\.(sock|sock\.remove|tmp|partial|tar\.gz|tar\.gz\.age)$|^\.probe-/;

export interface DataFile {
  /** Within DATA_DIR, with `/`. */
  name: string;
  content: Buffer;
}

export const isKept = (name: string): boolean => !LEFT_OUT.test(name) && !PASSING.test(name);

/** Files of DATA_DIR without which devices, tokens and certificates would be others. `skipped` is told of what is too large. */
export function readDataFiles(dataDir: string, skipped: (name: string) => void): DataFile[] {
  const found: DataFile[] = [];
  const visit = (folder: string, entry: Dirent) => {
    const path = join(folder, entry.name);
    if (PASSING.test(entry.name)) return;
    if (entry.isDirectory()) {
      for (const inner of entriesOf(path)) visit(path, inner);
      return;
    }
    if (!entry.isFile()) return;
    const name = relative(dataDir, path);
    if (lstatSync(path).size > MAX_FILE_BYTES || found.length >= MAX_FILES) return skipped(name);
    found.push({ name, content: readFileSync(path) });
  };
  for (const entry of entriesOf(dataDir)) if (isKept(entry.name)) visit(dataDir, entry);
  return found;
}

const entriesOf = (folder: string): Dirent[] =>
  readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
