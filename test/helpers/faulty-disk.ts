import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';

const run = (file: string, ...args: string[]) =>
  execFileSync(file, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

/** A file system of its own for the time of a test, which becomes read-only as an SD card does that fails. */
export class FaultyDisk {
  readonly #base = mkdtempSync(join(tmpdir(), 'pm-iot-faulty-'));
  #image = join(this.#base, 'image');
  readonly folder = join(this.#base, 'disk');
  readonly #ends: (() => unknown)[] = [];

  constructor(t: TestContext, mib: number) {
    mkdirSync(this.folder);
    writeFileSync(this.#image, '');
    truncateSync(this.#image, mib * 1024 * 1024);
    run('mkfs.ext4', '-q', '-F', this.#image);
    this.mount();
    t.after(async () => {
      for (const end of this.#ends.reverse()) await end();
      spawnSync('umount', ['--lazy', this.folder]);
      rmSync(this.#base, { recursive: true, force: true });
    });
  }

  /** As `after` of a test, for what uses the disk: it has to end before the disk goes. */
  after(end: () => unknown): void {
    this.#ends.push(end);
  }

  mount(): void {
    run('mount', '-o', 'loop,errors=remount-ro', this.#image, this.folder);
  }

  /** While nobody writes there. */
  remount(mode: 'ro' | 'rw'): void {
    run('mount', '-o', `remount,${mode}`, this.folder);
  }

  /** Also under a process that has a socket there. */
  unmount(): void {
    run('umount', '--lazy', this.folder);
  }

  /** The file system meets an error, and lets nobody write any more. */
  fail(): void {
    const [device = ''] = run('losetup', '--associated', this.#image).split(':');
    writeFileSync(join('/sys/fs/ext4', basename(device), 'trigger_fs_error'), '1');
  }

  /** What a person does about it, or the next boot: while it is not mounted, its faults are mended. */
  repair(): void {
    // Its image stays in use until whoever uses it has gone.
    const copy = `${this.#image}-repaired`;
    run('cp', '--sparse=always', this.#image, copy);
    this.#image = copy;
    // 1: faults were found, and mended.
    const { status, stderr } = spawnSync('e2fsck', ['-f', '-y', copy]);
    if (status !== 0 && status !== 1) throw new Error(`e2fsck: ${String(stderr)}`);
  }
}

/** A reason to skip a test that needs such a disk; false when it can run. To mount is a right, nothing to install. */
export function faultyDiskMissing(): string | false {
  const mayMount = process.getuid?.() === 0 && existsSync('/sys/fs/ext4') && existsSync('/dev/loop-control');
  const hasTools = ['mkfs.ext4', 'losetup', 'e2fsck'].every(
    (tool) => spawnSync(tool, ['-V']).error === undefined,
  );
  const hasExt4 = readFileSync('/proc/filesystems', 'utf8').includes('ext4');
  return mayMount && hasTools && hasExt4
    ? false
    : 'this user may not mount an ext4 file system in a file (root on Linux may)';
}
