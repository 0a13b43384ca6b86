import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu', 'arm-linux-gnueabihf'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`,
);
const library = LIBRARIES.find((path) => existsSync(path));

/** A reason to skip a test that sets the clock of a program; false when it can run. */
export const machineClockMissing = (): string | false =>
  library === undefined && process.env.CI !== 'true'
    ? 'libfaketime is not installed (Debian: apt-get install libfaketime)'
    : false;

/**
 * The clock of one program, which is set while it runs: it goes on from there. The time that passes (monotonic) and the times
 * of files are not touched.
 */
export class MachineClock {
  readonly #folder = mkdtempSync(join(tmpdir(), 'pm-iot-clock-'));
  readonly #path = join(this.#folder, 'offset');
  #offset = 0;

  constructor(t: TestContext, time: number) {
    t.after(() => rmSync(this.#folder, { recursive: true, force: true }));
    this.set(time);
  }

  /** Milliseconds; within a second the program sees it. */
  set(time: number): void {
    this.#offset = time - Date.now();
    const draft = `${this.#path}.new`;
    const seconds = this.#offset / 1000;
    writeFileSync(draft, `${seconds < 0 ? '' : '+'}${seconds.toFixed(3)}\n`);
    renameSync(draft, this.#path);
  }

  get now(): number {
    return Date.now() + this.#offset;
  }

  get env(): Record<string, string> {
    if (library === undefined) throw new Error('libfaketime is missing');
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#path,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }
}
