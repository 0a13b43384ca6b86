import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { examine, found, QUIET } from '../helpers/doctor.ts';
import { MIB, SmallDisk, smallDiskMissing } from '../helpers/small-disk.ts';

const mount = (disk: SmallDisk, options: string) => {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${options}`, disk.folder]);
  assert.equal(status, 0, String(stderr));
};

void test('a disk', { skip: smallDiskMissing() }, async (t) => {
  const disk = new SmallDisk(t, 200);
  const dataDir = join(disk.folder, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const env = { ...QUIET, DATA_DIR: dataDir };

  await t.test('with room', async () => {
    const report = await examine({ env });
    assert.equal(found(report, 'disk_space').level, 'ok');
    assert.match(found(report, 'disk_speed').text, /a commit waits \d/);
  });

  await t.test('that is nearly full', async () => {
    disk.fill(50 * MIB);
    assert.equal(found(await examine({ env }), 'disk_low').level, 'warning');
  });

  await t.test('that is full', async () => {
    disk.fill();
    const report = await examine({ env });
    assert.equal(found(report, 'disk_full').level, 'broken');
    assert.match(found(report, 'disk_full').todo ?? '', /free some space/);
    disk.clear();
  });

  await t.test('that is mounted read-only, as after a fault', async () => {
    mount(disk, 'ro');
    const report = await examine({ env });
    assert.equal(found(report, 'disk_read_only').level, 'broken');
    assert.ok(!report.findings.some(({ code }) => code === 'check_failed' || code === 'folder_not_ours'));
    mount(disk, 'rw');
  });

  await t.test('with no room for one more file', async () => {
    mount(disk, 'nr_inodes=100');
    for (let i = 0; i < 200; i++) {
      try {
        writeFileSync(join(disk.folder, `file-${i}`), '');
      } catch {
        break;
      }
    }
    const report = await examine({ env });
    assert.equal(found(report, 'inodes_low').level, 'broken');
  });
});
