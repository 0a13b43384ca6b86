import { constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { hold, isHeld } from '../data-dir.ts';
import { WAL_SEGMENT_BYTES } from '../embedded/start-params.ts';

/** Of whoever copies: while somebody has it, no checkpoint throws WAL away. */
const LOCK = 'copy';
const MAX_TRIES = 3;
const CONTROL = join('global', 'pg_control');
/** Of `pg_control`, the same in PostgreSQL 14 to 18: where the WAL begins that the last checkpoint needs. */
const REDO_OFFSET = 40;
/** Of the first page of a segment: the position that it is of. Another one: the file waits to be used again. */
const PAGE_ADDRESS_OFFSET = 8;
const LEFT_OUT = new Set(['postmaster.pid', 'postmaster.opts', 'pgsql_tmp', 'pg_wal']);

/** Is the embedded database of this folder being copied? */
export const isCopied = (dataDir: string): Promise<boolean> => isHeld(dataDir, LOCK);

const PIECE_BYTES = 256 * 1024;
const SYNC_BYTES = 4 * 1024 * 1024;
const CANNOT_SHARE = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY', 'EPERM']);

export interface CopyJob {
  dataDir: string;
  to: string;
  /** Told of bytes that have been copied. */
  onProgress: (done: number, total: number) => void;
}

/**
 * A copy of the embedded database while it is being used, and without a word to it: nobody waits. First the record of the last
 * checkpoint, then all files as they come, then the WAL since that checkpoint. PostgreSQL makes one moment of it as after
 * a power cut, for which this is the rule it keeps: what is in a file is in the WAL before, and a page that changes after a
 * checkpoint is in the WAL as a whole (`full_page_writes`, and checksums, which show a page that was copied in halves).
 * What was committed when this is called is in the WAL by then, so it is in the copy.
 */
export async function copyEmbedded(job: CopyJob): Promise<void> {
  const release = await hold(
    job.dataDir,
    LOCK,
    (_folder, holder) => new Error(`process ${holder} copies this database already`),
  );
  try {
    for (let tries = 1; !(await copyOnce(job)); tries++) {
      if (tries === MAX_TRIES) {
        throw new Error(
          'the database writes faster than its files can be copied: try again when less is stored',
        );
      }
    }
  } finally {
    await release();
  }
}

/** false: a checkpoint came in between, and WAL that the copy needs may be gone. */
async function copyOnce({ dataDir, to, onProgress }: CopyJob): Promise<boolean> {
  const from = join(dataDir, 'db');
  rmSync(to, { recursive: true, force: true });
  mkdirSync(join(to, 'global'), { recursive: true, mode: 0o700 });
  const control = readFileSync(join(from, CONTROL));
  await copy(join(from, CONTROL), join(to, CONTROL));
  const files = filesIn(from).filter((name) => name !== CONTROL);
  const total = sizeOf(from);
  let done = 0;
  const copied = (bytes: number) => {
    done += bytes;
    onProgress(Math.min(done, total), total);
  };
  for (const name of files) copied(await copy(join(from, name), join(to, name)));
  await copyWal(join(from, 'pg_wal'), join(to, 'pg_wal'), control.readBigUInt64LE(REDO_OFFSET), copied);
  return readFileSync(join(from, CONTROL)).equals(control) && readFileSync(join(to, CONTROL)).equals(control);
}

/** Relative paths of all files that the copy needs beside the WAL; folders are made as they are met. */
function filesIn(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.has(entry.name)) return [];
    const name = join(below, entry.name);
    return entry.isDirectory() ? [`${name}/`, ...filesIn(folder, name)] : [name];
  });
}

/** Gives its size. A file that has gone meanwhile is one whose end is in the WAL. */
async function copy(from: string, to: string): Promise<number> {
  if (from.endsWith('/')) {
    mkdirSync(to, { recursive: true, mode: 0o700 });
    return 0;
  }
  try {
    await copyPieces(from, to);
    return statSync(to).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(from)) throw error;
    return 0;
  }
}

/**
 * Synced as it grows: much that waits to be written is written when a commit syncs, which then takes seconds on an SD card.
 * A file system that can share blocks copies nothing.
 */
async function copyPieces(from: string, to: string): Promise<void> {
  try {
    return await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    if (!CANNOT_SHARE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  const source = await open(from, 'r');
  try {
    const target = await open(to, 'w', 0o600);
    try {
      const piece = Buffer.alloc(PIECE_BYTES);
      for (let position = 0, unsynced = 0; ; ) {
        const { bytesRead } = await source.read(piece, 0, piece.length, position);
        if (bytesRead === 0) return;
        await target.write(piece, 0, bytesRead, position);
        position += bytesRead;
        unsynced += bytesRead;
        if (unsynced < SYNC_BYTES) continue;
        await target.datasync();
        unsynced = 0;
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Segments from that of `redo` on, in their order, up to the first that is not in use. */
async function copyWal(
  from: string,
  to: string,
  redo: bigint,
  copied: (bytes: number) => void,
): Promise<void> {
  for (const folder of ['archive_status', 'summaries']) mkdirSync(join(to, folder), { recursive: true });
  const segmentBytes = BigInt(WAL_SEGMENT_BYTES);
  const names = readdirSync(from)
    .filter((name) => /^[0-9A-F]{24}$/.test(name))
    .sort();
  for (const name of names) {
    const perId = 2n ** 32n / segmentBytes;
    const number = BigInt(`0x${name.slice(8, 16)}`) * perId + BigInt(`0x${name.slice(16)}`);
    if (number < redo / segmentBytes) continue;
    if ((await pageAddress(join(from, name))) !== number * segmentBytes) return;
    copied(await copy(join(from, name), join(to, name)));
  }
}

async function pageAddress(path: string): Promise<bigint> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.readBigUInt64LE(PAGE_ADDRESS_OFFSET);
  } finally {
    await file.close();
  }
}

/** Of all files below, in bytes. */
export function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + sizeOf(path);
    return sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}
