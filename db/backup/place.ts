import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { handOver, syncPath } from '../durable-file.ts';
import { isKept } from './data-files.ts';
import { type Marker, removeMarker, writeMarker } from './marker.ts';

const DRAFT = 'restore.partial';

/** Where a restore gathers what is to be in DATA_DIR. */
export const draftIn = (dataDir: string): string => join(dataDir, DRAFT);

/** What a DATA_DIR holds that a restore would mix with: none of it may be there, or all moves aside. */
export function oldNames(dataDir: string): string[] {
  return readdirSync(dataDir).filter((name) => name === 'db' || isKept(name));
}

/** A name that is not taken. */
export function asideIn(dataDir: string): string {
  for (let number = 1; ; number++) {
    const name = `before-restore-${number}`;
    if (!existsSync(join(dataDir, name))) return name;
  }
}

export function emptyDraft(dataDir: string): string {
  const draft = draftIn(dataDir);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  return draft;
}

/** From here on the restore is done, but for names: whatever ends it, the next call of `place` goes on. */
export function beginPlacing(dataDir: string, marker: Marker): void {
  settle(draftIn(dataDir));
  writeMarker(dataDir, { ...marker, phase: 'placing' });
}

/**
 * Puts everything of the draft into its place, and what was there aside. What the draft still has is not in its place yet: that
 * is how a restore that was cut off in here knows old from new.
 */
export function place(dataDir: string, { old, aside }: Marker): void {
  const draft = draftIn(dataDir);
  const waiting = new Set(existsSync(draft) ? readdirSync(draft) : []);
  const asidePath = join(dataDir, aside);
  if (old.length > 0) {
    mkdirSync(asidePath, { recursive: true, mode: 0o700 });
    handOver(asidePath);
  }
  // All that is old first, so that nothing new is ever taken for it.
  for (const name of old) {
    const isThere = existsSync(join(dataDir, name)) && !existsSync(join(asidePath, name));
    if (isThere) renameSync(join(dataDir, name), join(asidePath, name));
  }
  if (old.length > 0) syncPath(asidePath);
  for (const name of waiting) renameSync(join(draft, name), join(dataDir, name));
  rmSync(draft, { recursive: true, force: true });
  syncPath(dataDir);
  removeMarker(dataDir);
}

/** Everything below is on the disk, and belongs to the owner of DATA_DIR. */
function settle(path: string): void {
  handOver(path);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) settle(inner);
    else {
      handOver(inner);
      syncPath(inner);
    }
  }
  syncPath(path);
}

/** What root has made below belongs to the owner of the folder around it. */
export function handOverAll(path: string): void {
  if (process.getuid?.() !== 0) return;
  handOver(path);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) handOverAll(join(path, entry.name));
    else handOver(join(path, entry.name));
  }
}
