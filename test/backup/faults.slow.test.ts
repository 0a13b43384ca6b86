import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backUpInChild } from '../../db/backup/in-child.ts';
import { listBackups } from '../../db/backup/rotation.ts';
import { verifyBackup } from '../../db/backup/verify.ts';
import { beginCommand, floodOf, runCommand, storedSeqs } from '../helpers/backup.ts';
import { silent } from '../helpers/database.ts';
import { enrolled } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { SmallDisk, smallDiskMissing } from '../helpers/small-disk.ts';
import { until } from '../helpers/wait.ts';

void test('a backup that is killed leaves nothing that counts, and the server goes on', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire } = await enrolled(server, rest, 'lamp');
  const flood = floodOf(wire, 'lamp');
  await until('there are readings', () => flood.acknowledged.size > 1000);
  const env = { DATA_DIR: server.dataDir };
  const folder = join(server.dataDir, 'backups');
  for (const after of [200, 700, 1500, 2500, 4000, 6000]) {
    const { child, ended } = beginCommand('backup', [], env);
    await sleep(after);
    child.kill('SIGKILL');
    await ended;
  }
  const before = listBackups(folder).length;
  const made = await runCommand('backup', [], env);
  assert.equal(made.code, 0, made.stderr);
  await flood.stop();
  assert.equal(listBackups(folder).length, before + 1);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.partial')),
    [],
  );
  for (const { path } of listBackups(folder)) await verifyBackup(path, null);
  assert.ok(!existsSync(join(server.dataDir, 'db.copy')));
  const stored = await storedSeqs(rest, 'lamp');
  assert.deepEqual(
    [...flood.acknowledged].filter((seq) => !stored.has(seq)),
    [],
  );
});

void test('a disk that is full keeps the old backups, and says so', {
  skip: smallDiskMissing(),
}, async (t) => {
  const { server, rest } = await startServer(t);
  const { wire } = await enrolled(server, rest, 'lamp');
  const flood = floodOf(wire, 'lamp');
  await until('there are readings', () => flood.acknowledged.size > 1000);
  await flood.stop();
  const disk = new SmallDisk(t, 40);
  const env = { DATA_DIR: server.dataDir, BACKUP_DIR: join(disk.folder, 'backups') };
  const first = await runCommand('backup', [], env);
  assert.equal(first.code, 0, first.stderr);
  // On a disk of its own a backup may take the last byte.
  disk.fill(20 * 1024);
  disk.fill();
  const second = await runCommand('backup', [], env);
  assert.equal(second.code, 1, second.stdout);
  assert.match(second.stderr, /no new backup, older ones are as they were: the disk is full/);
  assert.deepEqual(
    listBackups(env.BACKUP_DIR).map(({ path }) => path),
    [first.stdout.trim()],
  );
  disk.clear();
  // On the disk of the data nothing is begun that would take the room that readings need.
  const little = await runCommand('backup', [], { DATA_DIR: server.dataDir, MIN_FREE_DISK: '99%' });
  assert.equal(little.code, 1);
  assert.match(little.stderr, /a backup needs \d+ MiB free on the disk of .*BACKUP_DIR/);
});

void test('the server makes backups in a process of their own, which ends with it', async (t) => {
  const { server } = await startServer(t);
  const folder = join(server.dataDir, 'backups');
  const job = {
    ...{ dataDir: server.dataDir, url: null, settings: 'A=1\n', version: '1', folder },
    ...{ minFree: { bytes: 0 }, ownFiles: [], keep: 3, passphraseFile: null },
  };
  const made = await backUpInChild(job, silent, new AbortController().signal);
  const { header } = await verifyBackup(made.path, null);
  assert.equal(header.database, 'embedded');
  const stopping = new AbortController();
  const cut = backUpInChild(job, silent, stopping.signal);
  setTimeout(() => stopping.abort(), 300);
  await assert.rejects(cut, /SIGKILL/);
  mkdirSync(join(server.dataDir, 'db.copy'), { recursive: true });
  await server.stop();
  await server.start();
  await until('what was left is gone', () => !existsSync(join(server.dataDir, 'db.copy')));
});
