import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MARGIN_BYTES } from '../../../db/history/volumes.ts';
import { sizeText } from '../../operator/sizes.ts';
import { broken, type Check, codeOf, type Finding, messageOf, ok, skipped, warning } from '../finding.ts';

const MIB = 1024 * 1024;
const BLOCK = Buffer.alloc(8192);
/** Commits that are tried; and what is written in one go. */
const COMMITS = 7;
const BULK = 4 * MIB;
/** Milliseconds, of the median. A commit waits for one of these. */
const SLOW_MS = 50;
/** MiB a second. */
const SLOW_BULK = 2;
const FEW_INODES = 0.02;

/** The nearest folder there is. */
function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}

/** How long the disk takes until it says that something is there to stay. */
function measure(folder: string): { medianMs: number; bulk: number } {
  const path = join(folder, `.doctor-${process.pid}`);
  const file = openSync(path, 'w', 0o600);
  try {
    const times: number[] = [];
    for (let i = 0; i < COMMITS; i++) {
      writeSync(file, BLOCK, 0, BLOCK.length, i * BLOCK.length);
      const started = performance.now();
      fsyncSync(file);
      times.push(performance.now() - started);
    }
    const started = performance.now();
    writeSync(file, Buffer.alloc(BULK), 0, BULK, 0);
    fsyncSync(file);
    const bulk = BULK / MIB / ((performance.now() - started) / 1000);
    return { medianMs: times.sort((a, b) => a - b)[COMMITS >> 1] ?? 0, bulk };
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

function checkWriting(folder: string): Finding[] {
  try {
    const { medianMs, bulk } = measure(folder);
    const text = `a commit waits ${medianMs.toFixed(1)} ms for it, and it takes ${Math.round(bulk)} MiB/s`;
    if (medianMs <= SLOW_MS && bulk >= SLOW_BULK) return [ok('disk_speed', `The disk writes: ${text}`)];
    return [
      warning(
        'disk_slow',
        `The disk is slow: ${text}`,
        'use an SSD, or an SD card of class A2, and see what else writes (sudo iotop -o): a worn-out card gets slow before it fails',
      ),
    ];
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EROFS')
      return [
        broken(
          'disk_read_only',
          `${folder} is on a disk that is mounted read-only`,
          'dmesg | grep -i -E "ext4|mmc|I/O error" tells why; after a fault of the disk: sudo fsck at the next start, sudo mount -o remount,rw /, and a new card soon',
        ),
      ];
    if (code === 'ENOSPC' || code === 'EDQUOT')
      return [
        broken(
          'disk_full',
          `Nothing more can be written to ${folder}: ${messageOf(error)}`,
          `free some space: sudo du -xh --max-depth=2 / | sort -h | tail -20, and sudo journalctl --vacuum-size=100M`,
        ),
      ];
    if (code === 'EACCES' || code === 'EPERM')
      return [
        skipped('disk_speed', `How fast ${folder} is written is not measured: this user may not write there`),
      ];
    return [
      broken(
        'disk_fault',
        `Writing to ${folder} fails: ${messageOf(error)}`,
        'dmesg | tail -50 tells what the disk says: it may be at its end',
      ),
    ];
  }
}

/** Room, inodes, read-only, speed. */
export const checkDisk: Check = ({ config, dataDir }) => {
  const folder = existing(dataDir);
  const { bavail, blocks, bsize, files, ffree } = statfsSync(folder);
  const [free, size] = [bavail * bsize, blocks * bsize];
  const { minFreeDisk } = config;
  const low = 'percent' in minFreeDisk ? (size * minFreeDisk.percent) / 100 : minFreeDisk.bytes;
  const text = `${sizeText(free)} of ${sizeText(size)} free on the disk of ${folder}`;
  const todo =
    'free some space: sudo du -xh --max-depth=2 / | sort -h | tail -20, and sudo journalctl --vacuum-size=100M';
  const findings: Finding[] = [];
  if (free < MARGIN_BYTES) findings.push(broken('disk_full', `Only ${text}: no readings are stored`, todo));
  else if (free < low)
    findings.push(
      warning(
        'disk_low',
        `Only ${text}, less than MIN_FREE_DISK: the oldest readings are dropped to make room`,
        todo,
      ),
    );
  else findings.push(ok('disk_space', text));
  // Some file systems count none.
  if (files > 0 && ffree / files < FEW_INODES)
    findings.push(
      (ffree === 0 ? broken : warning)(
        'inodes_low',
        `Only ${ffree} more files can be made on the disk of ${folder}`,
        'remove what has very many small files: sudo du -x --inodes --max-depth=3 / | sort -n | tail -20',
      ),
    );
  if (free >= MARGIN_BYTES || free === 0) findings.push(...checkWriting(folder));
  return findings;
};
