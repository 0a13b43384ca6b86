import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** `sun_path` holds 108 bytes on Linux, 104 on macOS, with the final zero. */
const MAX_BYTES = 95;

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
