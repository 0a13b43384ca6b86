import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backedUp, beginCommand, runCommand, storedSeqs, temporaryFolder } from '../helpers/backup.ts';
import { KINDS, missing } from '../helpers/database.ts';
import { connected } from '../helpers/devices.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';

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
