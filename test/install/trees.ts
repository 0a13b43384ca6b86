import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Trees take a minute to make, and are never written to: they stay for the next run. */
const KEPT = '/var/tmp/pm-iot-trees';

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
  if (process.env.CI === 'true') return false;
  if (process.getuid?.() !== 0) return 'only root may make a tree and run in it';
  const missing = Object.entries(PROGRAMS).filter(
    ([name]) => spawnSync(name, ['--help']).error !== undefined,
  );
  if (missing.length === 0) return false;
  return `${missing.map(([name]) => name).join(', ')} missing (apt-get install ${missing.map(([, name]) => name).join(' ')})`;
}

/** The folder of a minimal Debian as debootstrap makes it. */
export async function debian({ name, included, fetched }: Suite): Promise<string> {
  const folder = join(KEPT, [name, ...included, ...fetched].join('+'));
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    await run('debootstrap', ['--variant=minbase', `--include=${included.join(',')}`, name, draft], {
      maxBuffer: 1 << 26,
    });
    copyFileSync('/etc/resolv.conf', join(draft, 'etc', 'resolv.conf'));
    await run('chroot', [draft, 'apt-get', 'update', '-qq']);
    const options = ['-y', '-qq', '--no-install-recommends', '--download-only'];
    await run('chroot', [draft, 'apt-get', 'install', ...options, ...fetched], { maxBuffer: 1 << 26 });
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another run may have been first.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
