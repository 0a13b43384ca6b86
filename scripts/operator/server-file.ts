import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * A file that the server keeps in its DATA_DIR since its first start. `otherwise`: what may be set in its place. Errors
 * tell a folder in which there is nothing of PM IoT from one that this user may not read.
 */
export function readServerFile(dataDir: string, name: string, otherwise = ''): string {
  const path = join(resolve(dataDir), name);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new Error(
        `nothing of PM IoT is in ${resolve(dataDir)} (there is no ${name}): run this where the server runs, after its first start, or set DATA_DIR${otherwise}`,
      );
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new Error(
        `this user may not read ${path}: run this as the owner of ${dirname(path)}, or with sudo`,
      );
    }
    throw new Error(`${path} cannot be read: ${message}`);
  }
}
