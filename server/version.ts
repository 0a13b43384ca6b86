import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file beside the compiled program. */
export const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The built program lies in `dist/server`, package.json two folders above. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(here('../../package.json'), 'utf8')) as { version: string };
  return version;
}
