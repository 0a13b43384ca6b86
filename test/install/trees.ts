import { execFile, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Trees take a minute to make, and are never written to: they stay for the next run. */
const KEPT = '/var/tmp/pm-iot-trees';
const LOOK_EVERY_MS = 500;

export interface Suite {
  name: 'bookworm' | 'trixie';
  /** In the tree from the start. */
  included: readonly string[];
  /** In its cache, so that apt-get installs them without a network. */
  fetched: readonly string[];
}

const PROGRAMS = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  nsenter: 'util-linux',
  mosquitto_pub: 'mosquitto-clients',
};

/** A reason to skip a test that needs a Debian of its own; false when it can run. In CI nothing is skipped. */
export function treesMissing(): string | false {
  // Nothing that could be installed: a sandbox without them boots no machine, in CI neither.
  const groups = ['/sys/fs/cgroup/cgroup.controllers', '/sys/fs/cgroup/systemd'];
  if (!groups.some((path) => existsSync(path))) return 'no control groups here, in which systemd could run';
  if (process.env.CI === 'true') return false;
  if (process.getuid?.() !== 0) return 'only root may make a tree and run in it';
  const missing = Object.entries(PROGRAMS).filter(
    ([name]) => spawnSync(name, ['--help']).error !== undefined,
  );
  if (missing.length === 0) return false;
  return `${missing.map(([name]) => name).join(', ')} missing (apt-get install ${missing.map(([, name]) => name).join(' ')})`;
}

async function make({ name, included, fetched }: Suite, draft: string): Promise<void> {
  const large = { maxBuffer: 1 << 26 };
  await run('debootstrap', ['--variant=minbase', `--include=${included.join(',')}`, name, draft], large);
  copyFileSync('/etc/resolv.conf', join(draft, 'etc', 'resolv.conf'));
  await run('chroot', [draft, 'apt-get', 'update', '-qq']);
  const options = ['-y', '-qq', '--no-install-recommends', '--download-only'];
  await run('chroot', [draft, 'apt-get', 'install', ...options, ...fetched], large);
}

const makerOf = (draft: string) => Number(readText(`${draft}.pid`) ?? 0);

function readText(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** The folder of a minimal Debian as debootstrap makes it; made by one test, while others that need it wait. */
export async function debian(suite: Suite): Promise<string> {
  const folder = join(KEPT, [suite.name, ...suite.included, ...suite.fetched].join('+'));
  const draft = `${folder}.new`;
  mkdirSync(KEPT, { recursive: true });
  while (!existsSync(folder)) {
    try {
      writeFileSync(`${draft}.pid`, String(process.pid), { flag: 'wx' });
    } catch {
      // Whoever makes it may have been killed.
      if (!existsSync(`/proc/${makerOf(draft)}`)) rmSync(`${draft}.pid`, { force: true });
      await sleep(LOOK_EVERY_MS);
      continue;
    }
    try {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(folder)) {
        await make(suite, draft);
        renameSync(draft, folder);
      }
    } finally {
      rmSync(`${draft}.pid`, { force: true });
    }
  }
  return folder;
}
