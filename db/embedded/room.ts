import { access, constants, statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Free space below which a start is not tried again: a segment of WAL, and as much for what recovery writes. */
const ROOM_BYTES = 32 * 1024 * 1024;
/** Also the pause between two starts that fail although there seems to be room. */
const LOOK_EVERY_MS = 2000;
const WATCH_EVERY_MS = 100;

/** What keeps a database from writing until somebody has seen to the disk, and what to do. */
export type DiskTrouble =
  | 'the disk is full: free some space'
  | 'the disk is read-only: check it, and mount it anew';

/** PostgreSQL and Node tell it in words; quotas are a full disk as well. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && /no space left on device|disk quota exceeded/i.test(error.message);

export function diskTrouble(error: unknown): DiskTrouble | null {
  if (!(error instanceof Error)) return null;
  if (isDiskFull(error)) return 'the disk is full: free some space';
  // Also what a file system does to itself when it meets a fault.
  if (/read-only file system/i.test(error.message))
    return 'the disk is read-only: check it, and mount it anew';
  return null;
}

/** Until a file can be written in the folder. Rejects when the signal comes first. */
export async function waitForRoom(folder: string, signal: AbortSignal): Promise<void> {
  do await sleep(LOOK_EVERY_MS, undefined, { signal });
  while (!(await hasRoom(folder)));
}

async function hasRoom(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(folder);
    await access(folder, constants.W_OK);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    // Its disk is not mounted just now.
    return false;
  }
}

/**
 * Calls `onLow` once there is less room than a start after it needs, and something to spare for what is written until then.
 * Gives what ends the watch.
 */
export function watchRoom(folder: string, onLow: () => void): () => void {
  const timer = setInterval(() => {
    statfs(folder).then(
      ({ bavail, bsize }) => {
        if (bavail * bsize > 2 * ROOM_BYTES) return;
        clearInterval(timer);
        onLow();
      },
      () => {},
    );
  }, WATCH_EVERY_MS);
  return () => clearInterval(timer);
}
