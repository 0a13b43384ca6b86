// Before `npm pack`: builds, and puts beside the built program the packages that it needs to run, so that the tarball
// starts without a build and without a network. They go to dist/node_modules, where Node finds them by itself: unlike
// bundleDependencies, that leaves out what does not run (half of it), and carries native parts for other machines than this one.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetUpError } from '../setup/errors.mjs';
import { isPacked, PACKED_MODULES, PACKED_NOTE, removeLeftOvers } from '../setup/packed.mjs';
import { setUp } from '../setup/set-up.mjs';
import { listFiles } from '../setup/sources.mjs';
import { stageModules } from './modules.mjs';

const project = new URL('../..', import.meta.url);
const root = fileURLToPath(project);

/** Of contents alone: the same program has the same name, whenever and wherever it was packed. */
function buildId() {
  const hash = createHash('sha256');
  const isTest = (path) => path.startsWith('dist/test/') || path.startsWith('dist/.');
  const built = listFiles(join(root, 'dist'), () => true, new Set()).map((path) => `dist/${path}`);
  const scripts = listFiles(join(root, 'scripts'), (name) => !name.endsWith('.ts')).map(
    (path) => `scripts/${path}`,
  );
  const migrations = listFiles(join(root, 'db', 'migrations'), () => true).map(
    (path) => `db/migrations/${path}`,
  );
  for (const path of [...built, ...scripts, ...migrations].filter((path) => !isTest(path))) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 8);
}

try {
  if (isPacked(root)) throw new SetUpError('this is a package already: there is nothing to pack');
  await setUp(project);
  removeLeftOvers(root);
  await stageModules(root, join(root, PACKED_MODULES));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const note = { version, build: buildId(), packed_at: new Date().toISOString() };
  writeFileSync(join(root, PACKED_NOTE), `${JSON.stringify(note)}\n`);
} catch (error) {
  removeLeftOvers(root);
  if (!(error instanceof SetUpError)) throw error;
  console.error(`pack: ${error.message}`);
  process.exitCode = 1;
}
