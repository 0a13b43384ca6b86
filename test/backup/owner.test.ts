import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { backUp } from '../../db/backup/back-up.ts';
import { readDataFiles } from '../../db/backup/data-files.ts';
import { claimFolder, ForeignFolderError } from '../../db/backup/owner.ts';
import { fewFiles, temporaryFolder } from '../helpers/backup.ts';
import { silent } from '../helpers/database.ts';

void test('a folder of backups is of one box, and of the one that takes its place', (t) => {
  const [box, other, folder] = [fewFiles(t), fewFiles(t), temporaryFolder(t)];
  claimFolder(folder, box);
  claimFolder(folder, box);
  assert.throws(
    () => claimFolder(folder, other),
    (error: Error) => {
      assert.ok(error instanceof ForeignFolderError);
      assert.match(error.message, /of another box \(\S+\).*BACKUP_DIR.*or remove .*pm-iot-box/);
      return true;
    },
  );
  // A restore brings the files of the old one.
  assert.ok(readDataFiles(box, () => {}).some(({ name }) => name === 'box-id'));
  const restored = temporaryFolder(t);
  cpSync(box, restored, { recursive: true });
  claimFolder(folder, restored);
  // Whoever knows better.
  rmSync(join(folder, 'pm-iot-box'));
  claimFolder(folder, other);
  // A power cut has left a file without content, in either place.
  writeFileSync(join(folder, 'pm-iot-box'), Buffer.alloc(20));
  writeFileSync(join(other, 'box-id'), Buffer.alloc(17));
  claimFolder(folder, other);
  assert.match(readFileSync(join(folder, 'pm-iot-box'), 'utf8'), /^[0-9a-f]{16} \S+\n$/);
});

void test('a box does not back up where another one does: it would remove what is not its own', async (t) => {
  const [box, other, folder] = [fewFiles(t), fewFiles(t), temporaryFolder(t)];
  claimFolder(folder, other);
  const job = { dataDir: box, url: null, to: { folder }, minFree: { bytes: 0 }, settings: '', version: '1' };
  await assert.rejects(backUp({ ...job, passphrase: null, log: silent }), ForeignFolderError);
});
