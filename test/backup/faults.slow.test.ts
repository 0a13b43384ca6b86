import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backUpInChild } from '../../db/backup/in-child.ts';
import { listBackups } from '../../db/backup/rotation.ts';
import { verifyBackup } from '../../db/backup/verify.ts';
import { beginCommand, floodOf, runCommand, storedSeqs, temporaryFolder } from '../helpers/backup.ts';
import { KINDS, missing, silent } from '../helpers/database.ts';
import { connected, enrolled } from '../helpers/devices.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { SmallDisk, smallDiskMissing } from '../helpers/small-disk.ts';
import { until } from '../helpers/wait.ts';

/** A box with some thousand readings, and a backup of it. */
async function backedUp(t: TestContext) {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  const flood = floodOf(wire, 'lamp');
  await until('there are readings', () => flood.acknowledged.size > 1000);
  await flood.stop();
  await server.stop();
  const file = join(temporaryFolder(t), 'box.tar.gz');
  const { code, stderr } = await runCommand('backup', ['--out', file], { DATA_DIR: server.dataDir });
  assert.equal(code, 0, stderr);
  return { server, file, secret, rest, acknowledged: flood.acknowledged };
}

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

for (const kind of KINDS) {
  void test(`a restore that is killed, into ${kind}, leaves no half box behind`, {
    skip: missing(kind),
  }, async (t) => {
    const { file, secret, acknowledged } = await backedUp(t);
    const postgres = kind === 'postgres' ? await startPostgres() : null;
    const other = new Server({ databaseUrl: postgres?.url ?? null, fresh: true });
    t.after(async () => {
      await other.dispose();
      await postgres?.dispose();
    });
    const env = { DATA_DIR: other.dataDir, ...(postgres && { DATABASE_URL: postgres.url }) };
    let cut = 0;
    for (const after of [400, 800, 1500, 2500, 4000, 6000, 9000]) {
      const { child, ended } = beginCommand('restore', [file], env);
      await Promise.race([sleep(after), ended]);
      child.kill('SIGKILL');
      await ended;
      if (!existsSync(join(other.dataDir, 'restoring.json'))) continue;
      cut++;
      const { code, stderr } = await other.runToEnd();
      assert.equal(code, 78, stderr);
      assert.match(stderr, /a restore into DATA_DIR .* was cut off: run it again/);
    }
    t.diagnostic(`cut off ${cut} times in its middle`);
    const done = await runCommand('restore', [file], env);
    // The last one may have come to its end before it was killed.
    if (done.code !== 0) assert.match(done.stderr, /is not empty/);
    await other.start();
    const person = await new Rest(other).logIn();
    await connected(other, 'lamp', secret);
    const stored = await storedSeqs(person, 'lamp');
    assert.deepEqual(
      [...acknowledged].filter((seq) => !stored.has(seq)),
      [],
    );
    assert.ok(!existsSync(join(other.dataDir, 'restore.partial')));
  });
}

void test('what a restore would mix with or cannot use is refused, and left as it is', async (t) => {
  const { server, file } = await backedUp(t);
  const env = { DATA_DIR: server.dataDir };
  const refused = async (args: string[], line: RegExp, more: Record<string, string> = {}) => {
    const { code, stderr } = await runCommand('restore', args, { ...env, ...more });
    assert.equal(code, 1, stderr);
    assert.match(stderr, line);
  };
  await refused([file], /is not empty .*--replace/);
  await refused([`${file}.no`], /ENOENT|no such file/);
  const empty = temporaryFolder(t);
  const damaged = join(temporaryFolder(t), 'damaged');
  const whole = readFileSync(file);
  writeFileSync(damaged, whole.subarray(0, whole.length / 2));
  await refused([damaged], /cut off .* rows of .* could be read .*older backup/, { DATA_DIR: empty });
  writeFileSync(damaged, 'something else');
  await refused([damaged], /is no backup of PM IoT/, { DATA_DIR: empty });
  assert.deepEqual(readdirSync(empty), []);
  await server.start();
  await refused([file, '--replace'], /is in use by process \d+: stop that one first/);
  await server.stop();

  const secret = readFileSync(join(server.dataDir, 'jwt.secret'), 'utf8');
  const replaced = await runCommand('restore', [file, '--replace'], env);
  assert.equal(replaced.code, 0, replaced.stderr);
  const aside = join(server.dataDir, 'before-restore-1');
  assert.ok(existsSync(join(aside, 'db', 'global', 'pg_control')));
  assert.equal(readFileSync(join(aside, 'jwt.secret'), 'utf8'), secret);
  await server.start();
});

void test('a passphrase comes from a file or standard input, and without it there is nothing to be had', async (t) => {
  const { server, file } = await backedUp(t);
  const folder = temporaryFolder(t);
  const out = join(folder, 'box.tar.gz.age');
  const passphrase = 'a long passphrase';
  const made = await runCommand(
    'backup',
    ['--out', out, '--encrypt'],
    { DATA_DIR: server.dataDir },
    passphrase,
  );
  assert.equal(made.code, 0, made.stderr);
  assert.ok(!readFileSync(out).includes(readFileSync(join(server.dataDir, 'jwt.secret'))));
  const env = { DATA_DIR: join(folder, 'new') };
  const wrong = await runCommand('restore', [out], env, 'another passphrase');
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /not the passphrase/);
  writeFileSync(join(folder, 'short'), 'short\n');
  const short = await runCommand('backup', ['--out', `${out}2`, '--passphrase-file', join(folder, 'short')], {
    DATA_DIR: server.dataDir,
  });
  assert.match(short.stderr, /too short/);
  writeFileSync(join(folder, 'passphrase'), `${passphrase}\n`);
  const right = await runCommand('restore', [out], {
    ...env,
    BACKUP_PASSPHRASE_FILE: join(folder, 'passphrase'),
  });
  assert.equal(right.code, 0, right.stderr);
  assert.equal(
    readFileSync(join(env.DATA_DIR, 'jwt.secret'), 'utf8'),
    readFileSync(join(server.dataDir, 'jwt.secret'), 'utf8'),
  );
  assert.ok(existsSync(file));
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
