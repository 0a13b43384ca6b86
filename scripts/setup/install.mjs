import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './errors.mjs';
import { npm } from './npm.mjs';
import { readText, run } from './process.mjs';

const STAMP = join('node_modules', '.pm-iot-install');
const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/;

/** Packages with native parts differ by platform, processor and Node's major version. */
export function installStamp(lockFile) {
  const hash = createHash('sha256').update(lockFile).digest('hex');
  return `${hash} node${process.versions.node.split('.')[0]} ${process.platform}-${process.arch}\n`;
}

export function isInstalled(root) {
  const lockFile = readText(join(root, 'package-lock.json'));
  if (lockFile === null) throw new SetUpError('package-lock.json is missing: is this a complete checkout?');
  const wanted = installStamp(lockFile);
  if (readText(join(root, STAMP)) === wanted) return true;
  if (existsSync(join(root, STAMP)) || !installedByHand(root, lockFile)) return false;
  writeFileSync(join(root, STAMP), wanted);
  return true;
}

/**
 * npm leaves in node_modules a list of what it installed: a tree that somebody made with `npm ci` or `npm install`
 * and that holds what the lock file asks for is left alone.
 */
function installedByHand(root, lockFile) {
  const list = readText(join(root, 'node_modules', '.package-lock.json'));
  if (list === null) return false;
  const installed = JSON.parse(list).packages ?? {};
  return Object.entries(JSON.parse(lockFile).packages ?? {}).every(
    ([path, entry]) =>
      path === '' || entry.optional || entry.devOptional || installed[path]?.version === entry.version,
  );
}

export async function install(root) {
  // --include=dev: the compiler is a development dependency, and NODE_ENV=production would leave it out.
  const result = await run(...npm('ci', '--include=dev', '--no-audit', '--no-fund'), root);
  if (result.code !== 0) {
    const cause = UNREACHABLE.test(result.output)
      ? 'npm could not reach the package registry: is this machine online, and is the proxy or registry of npm set right?'
      : `npm ci ended with ${result.end}`;
    throw new SetUpError(`${cause}\n${result.output}`);
  }
  writeFileSync(join(root, STAMP), installStamp(readFileSync(join(root, 'package-lock.json'), 'utf8')));
}
