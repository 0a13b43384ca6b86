import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export const MIB = 1024 * 1024;

function mount(folder: string, mib: number): string | null {
  const { status, stderr, error } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${mib}m`,
    'tmpfs',
    folder,
  ]);
  return status === 0 ? null : String(error ?? stderr);
}

function unmount(folder: string): void {
  const { status, stderr } = spawnSync('umount', [folder]);
  if (status !== 0) spawnSync('umount', ['--lazy', folder]);
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0) throw new Error(`umount: ${String(stderr)}`);
}

/** A reason to skip a test that needs a disk which can be filled; false when it can run. To mount is a right, nothing to install. */
export function smallDiskMissing(): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-disk-'));
  const fault = mount(folder, 1);
  if (fault === null) unmount(folder);
  else rmSync(folder, { recursive: true });
  return fault === null ? false : `this user may not mount a small disk (root on Linux may): ${fault.trim()}`;
}

/** A disk of its own for the time of a test, which fails when something still uses it at the end. */
export class SmallDisk {
  readonly #ends: (() => unknown)[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'pm-iot-disk-'));

  constructor(t: TestContext, mib: number) {
    const fault = mount(this.folder, mib);
    if (fault !== null) throw new Error(`mount: ${fault}`);
    t.after(async () => {
      for (const end of this.#ends.reverse()) await end();
      unmount(this.folder);
    });
  }

  /** As `after` of a test, for what uses the disk: it has to end before the disk goes. */
  after(end: () => unknown): void {
    this.#ends.push(end);
  }

  get free(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  /** What another program leaves there: a file that grows until no more than `left` bytes are free, or none at all. */
  fill(left = 0): void {
    const file = openSync(join(this.folder, 'filler'), 'a');
    try {
      const chunk = Buffer.alloc(left === 0 ? 4096 : MIB, 1);
      while (left === 0 || this.free > left) writeSync(file, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  clear(): void {
    rmSync(join(this.folder, 'filler'), { force: true });
  }
}
