import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './errors.mjs';
import { readText, run } from './process.mjs';
import { listSources, sourceStamp, staleOutputs } from './sources.mjs';

const STAMP = join('dist', '.set-up-stamp');
const BUILD_INFO = join('dist', '.tsbuildinfo');
const COMPILER = join('node_modules', 'typescript', 'bin', 'tsc');

export function isBuilt(root) {
  const sources = listSources(root);
  return readText(join(root, STAMP)) === sourceStamp(root, sources) && missing(root, sources).length === 0;
}

/** Compiles the project; throws with the compiler's own words when it does not compile. */
export async function build(root) {
  const sources = listSources(root);
  // Taken before compiling: an edit during the build makes the next run build again.
  const stamp = sourceStamp(root, sources);
  rmSync(join(root, STAMP), { force: true });
  for (const path of staleOutputs(root, sources)) rmSync(join(root, 'dist', path), { force: true });
  // An incremental compiler does not look whether what it wrote is still there.
  if (missing(root, sources).length > 0) rmSync(join(root, BUILD_INFO), { force: true });
  const result = await run(process.execPath, [join(root, COMPILER), '-p', 'tsconfig.json'], root);
  if (result.code !== 0) throw new SetUpError(`the build ended with ${result.end}\n${result.output}`);
  writeFileSync(join(root, STAMP), stamp);
}

function missing(root, sources) {
  return sources.filter((path) => !existsSync(join(root, 'dist', `${path.slice(0, -'.ts'.length)}.js`)));
}
