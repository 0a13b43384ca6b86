import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type postgres from 'postgres';
import { isLoopback } from '../domain/address.ts';
import { socketTarget } from '../domain/database-url.ts';
import type { Log } from '../domain/ports.ts';
import { WAL_NEEDED_BYTES, WAL_SEGMENT_BYTES } from '../embedded/start-params.ts';
import type { Space } from './disk-state.ts';

const MIB = 1024 * 1024;
/** For what writes on while no readings are stored (events, heartbeats, commands), and for a checkpoint. */
export const MARGIN_BYTES = 32 * MIB;
/** A server that meets a full disk while it writes WAL ends, and may not start again: several segments and a checkpoint. */
const SERVER_RESERVE_BYTES = 128 * MIB;

/** A file system that fills. */
export interface Volume {
  space(): Promise<Space>;
  /** Bytes that must stay free; see `boundsOf`. */
  reserve(): Promise<number>;
}

export interface FoundVolume extends Volume {
  /** Where the files of the database are. */
  folder: string;
}

export async function spaceOf(folder: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}

/** Of the embedded database: segments of WAL that are there already are used again, and need no room. */
export function embeddedVolume(folder: string): FoundVolume {
  return {
    folder,
    space: () => spaceOf(folder),
    reserve: async () => {
      const segments = (await readdir(join(folder, 'pg_wal'))).filter((name) => /^[0-9A-F]{24}$/.test(name));
      return MARGIN_BYTES + Math.max(0, WAL_NEEDED_BYTES - segments.length * WAL_SEGMENT_BYTES);
    },
  };
}

/** Of a server on this machine that lets its user know where its files are; null otherwise, told once in the log. */
export async function serverVolume(sql: postgres.Sql, url: string, log: Log): Promise<FoundVolume | null> {
  const unseen = 'the disk of the database is out of sight: it is not guarded, watch it where it is';
  const target = new URL(url);
  if (socketTarget(target) === null && !isLoopback(target.hostname)) {
    log.info({ database: 'on another machine' }, unseen);
    return null;
  }
  try {
    const [row] = await sql<{ data_directory: string }[]>`show data_directory`;
    const folder = row?.data_directory ?? '';
    await stat(folder);
    return { folder, space: () => spaceOf(folder), reserve: async () => SERVER_RESERVE_BYTES };
  } catch (error) {
    log.warn({ err: error }, unseen);
    return null;
  }
}
