import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { SetUpError } from './errors.mjs';
import { install, isInstalled } from './install.mjs';
import { withLock } from './lock.mjs';
import { checkPacked, isPacked, removeLeftOvers } from './packed.mjs';
import { buildWeb, isWebBuilt } from './web.mjs';

export { SetUpError };

/**
 * Brings `node_modules` and `dist` up to date with the sources of a project folder; says nothing when they are.
 * @param {URL} project the folder that holds package.json
 */
export async function setUp(project) {
  const root = fileURLToPath(project);
  if (isPacked(root)) return checkPacked(root);
  removeLeftOvers(root);
  if (isInstalled(root) && isBuilt(root) && isWebBuilt(root)) return;
  mkdirSync(join(root, 'dist'), { recursive: true });
  await withLock(join(root, 'dist', '.set-up.lock'), async () => {
    // Asked again under the lock: another run may have done the work meanwhile.
    if (!isInstalled(root)) await step('installing packages (npm ci)', () => install(root));
    if (!isBuilt(root)) await step('building (tsc)', () => build(root));
    if (!isWebBuilt(root)) await step('building the web app (vite)', () => buildWeb(root));
  });
}

async function step(name, work) {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const { isTTY } = process.stdout;
  console.log(`set-up: ${name} …`);
  // On a terminal the time is seen to pass: a small box takes minutes, and silence looks like a halt.
  const timer = isTTY ? setInterval(() => process.stdout.write(`\r${seconds().toFixed(0)} s `), 1000) : null;
  try {
    await work();
  } finally {
    if (timer !== null) clearInterval(timer);
    if (isTTY) process.stdout.write('\r\u001b[K');
  }
  console.log(`set-up: ${name} done in ${seconds().toFixed(1)} s`);
}
