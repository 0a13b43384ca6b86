import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './errors.mjs';
import { readText, run } from './process.mjs';
import { listFiles, stampOf } from './sources.mjs';

const STAMP = join('dist', '.web-stamp');
const BUNDLER = join('node_modules', 'vite', 'bin', 'vite.js');

const stampNow = (root) => {
  const files = listFiles(join(root, 'web'), () => true).map((path) => `web/${path}`);
  return stampOf(root, [...files, 'package-lock.json']);
};

/** A checkout without the app (as in a test of the set-up) has nothing to build. */
export function isWebBuilt(root) {
  if (!existsSync(join(root, 'web', 'index.html'))) return true;
  return (
    readText(join(root, STAMP)) === stampNow(root) && existsSync(join(root, 'dist', 'app', 'index.html'))
  );
}

/** Bundles the web app; throws with the bundler's own words when it cannot be. */
export async function buildWeb(root) {
  const stamp = stampNow(root);
  rmSync(join(root, STAMP), { force: true });
  const bundler = [join(root, BUNDLER), 'build', 'web', '--logLevel', 'warn'];
  const result = await run(process.execPath, bundler, root);
  if (result.code !== 0)
    throw new SetUpError(`the build of the web app ended with ${result.end}\n${result.output}`);
  writeFileSync(join(root, STAMP), stamp);
}
