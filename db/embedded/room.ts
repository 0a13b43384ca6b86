import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Free space below which a start is not tried again: a segment of WAL, and as much for what recovery writes. */
const ROOM_BYTES = 32 * 1024 * 1024;
/** Also the pause between two starts that fail although there seems to be room. */
const LOOK_EVERY_MS = 2000;

/** PostgreSQL and Node tell it in words; quotas are a full disk as well. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && /no space left on device|disk quota exceeded/i.test(error.message);
}

/** Rejects when the signal comes first. */
export async function waitForRoom(folder: string, signal: AbortSignal): Promise<void> {
  do await sleep(LOOK_EVERY_MS, undefined, { signal });
  while ((await freeBytes(folder)) < ROOM_BYTES);
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
