import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SKIPPED = new Set(['node_modules', 'dist', 'data', '.git']);
const OUTPUT = /(\.js|\.js\.map|\.d\.ts)$/;

/** Of `web/`, what runs in Node too; the rest has a compiler and settings of its own. */
const COMPILED_OF_WEB = /^web\/(client|state|i18n)\//;
/** Below `dist`: made by the build of the web app, from no source of ours. */
const APP = 'app';

/** Paths of files below `root` (relative, `/` between parts) whose name `wanted` accepts, sorted. */
export function listFiles(root, wanted, skipped = SKIPPED) {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) walk(path);
      } else if (wanted(entry.name)) found.push(path);
    }
  };
  walk('');
  return found.sort();
}

/** TypeScript sources that the compiler builds: not declarations, nor the settings of tools. */
export function listSources(root) {
  return listFiles(root, (name) => name.endsWith('.ts') && !/\.(d|config)\.ts$/.test(name)).filter(
    (path) => !path.startsWith('web/') || COMPILED_OF_WEB.test(path),
  );
}

/** Changes whenever a source, the compiler's settings or the locked packages do. */
export const sourceStamp = (root, sources) =>
  stampOf(root, [...sources, 'tsconfig.json', 'package-lock.json']);

/** Of names, sizes and times of files. */
export function stampOf(root, paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return `${hash.digest('hex')}\n`;
}

/** Compiled files whose source is gone: without this, a deleted test would go on running. */
export function staleOutputs(root, sources) {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return [];
  const current = new Set(sources.map((path) => path.slice(0, -'.ts'.length)));
  const folders = new Set(sources.map((path) => (path.includes('/') ? path.split('/')[0] : '')));
  return listFiles(dist, (name) => OUTPUT.test(name), new Set()).filter((path) => {
    const folder = path.includes('/') ? path.split('/')[0] : '';
    if (folder === APP) return false;
    const top = folders.has(folder) || !existsSync(join(root, folder));
    return top && !current.has(path.replace(OUTPUT, ''));
  });
}
