import { lstatSync, readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Secrets and certificates are a few KiB; what is larger was put there by somebody else. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 50_000;
/** A link may lead to a folder above it. */
const MAX_DEPTH = 8;

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

/**
 * Files of DATA_DIR without which devices, tokens and certificates would be others; also where a link leads elsewhere, to
 * another disk. `skipped` is told of what is too large, and of links by which the owner of DATA_DIR would have root read what
 * is not theirs.
 */
export function readDataFiles(dataDir: string, skipped: (name: string) => void): DataFile[] {
  const found: DataFile[] = [];
  const owner = statSync(dataDir).uid;
  const isTheirs = ({ uid }: Stats) => process.getuid?.() !== 0 || uid === owner;
  const visit = (folder: string, entry: string, depth: number, above: boolean) => {
    const path = join(folder, entry);
    if (PASSING.test(entry)) return;
    const kind = statSync(path, { throwIfNoEntry: false });
    const name = relative(dataDir, path);
    const linked = above || lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (kind !== undefined && linked && !isTheirs(kind)) return skipped(name);
    if (kind?.isDirectory()) {
      if (depth > MAX_DEPTH) return skipped(name);
      for (const inner of entriesOf(path)) visit(path, inner, depth + 1, linked);
      return;
    }
    if (!kind?.isFile()) return;
    if (kind.size > MAX_FILE_BYTES || found.length >= MAX_FILES) return skipped(name);
    found.push({ name, content: readFileSync(path) });
  };
  for (const entry of entriesOf(dataDir)) if (isKept(entry)) visit(dataDir, entry, 1, false);
  return found;
}

const entriesOf = (folder: string): string[] => readdirSync(folder).sort((a, b) => (a < b ? -1 : 1));
