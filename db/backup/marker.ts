import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RESTORE_MARKER } from '../data-dir.ts';
import { syncPath, writeFileDurably } from '../durable-file.ts';

/** What a restore has come to; while it is there the program does not start. */
export interface Marker {
  /** Tells this restore from others; a server's database knows it too once all is loaded. */
  id: string;
  /** For people. */
  file: string;
  /** `loading`: nothing in its place yet. `placing`: all is on the disk beside its place. */
  phase: 'loading' | 'placing';
  /** Of DATA_DIR before the restore: they move into `aside`. */
  old: string[];
  aside: string;
}

const pathIn = (dataDir: string) => join(dataDir, RESTORE_MARKER);

/** null: no restore was cut off. */
export function readMarker(dataDir: string): Marker | null {
  return existsSync(pathIn(dataDir)) ? (JSON.parse(readFileSync(pathIn(dataDir), 'utf8')) as Marker) : null;
}

export function writeMarker(dataDir: string, marker: Marker): void {
  writeFileDurably(pathIn(dataDir), JSON.stringify(marker), 0o600);
}

export function removeMarker(dataDir: string): void {
  rmSync(pathIn(dataDir), { force: true });
  syncPath(dirname(pathIn(dataDir)));
}
