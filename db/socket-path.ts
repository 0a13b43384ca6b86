import { createHash } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** `sun_path` holds 108 bytes on Linux, 104 on macOS, with the final zero. */
const MAX_BYTES = 95;

export interface HeldPath {
  path: string;
  /** The path means nothing from here on. */
  close(): void;
}

/**
 * A path for a Unix socket that is in `folder`, however long its name is: everybody finds it there. The temporary folder is
 * another one for root, and for a service that has its own (`PrivateTmp`), who would not see each other's locks. Errors: ENOENT.
 */
export function socketPathIn(folder: string, name: string): HeldPath {
  const inside = join(resolve(folder), `${name}.sock`);
  if (Buffer.byteLength(inside) <= MAX_BYTES || process.platform !== 'linux') {
    return { path: shortSocketPath(folder, name), close: () => {} };
  }
  const opened = openSync(folder, 'r');
  return { path: `/proc/self/fd/${opened}/${name}.sock`, close: () => closeSync(opened) };
}

/** A path for a Unix socket that belongs to `folder`: inside it, or in a private temporary folder when that is too long. */
export function shortSocketPath(folder: string, name: string): string {
  const inside = join(resolve(folder), `${name}.sock`);
  if (Buffer.byteLength(inside) <= MAX_BYTES) return inside;
  const digest = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16);
  const outside = join(tmpdir(), `pm-iot-${userInfo().uid}-${digest}`);
  mkdirSync(outside, { recursive: true, mode: 0o700 });
  // Fails when the folder is another user's: a socket there could be theirs.
  chmodSync(outside, 0o700);
  return join(outside, `${name}.sock`);
}
