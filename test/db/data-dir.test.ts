import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  DataDirLockedError,
  DataDirUnusableError,
  openDataDir,
  readOrCreateSecret,
} from '../../db/data-dir.ts';

function folder(t: TestContext, name = 'pm-iot-dir-'): string {
  const dir = mkdtempSync(join(tmpdir(), name));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Opens the folder in a process of its own, and dies of a kill -9 while it holds it. */
async function openAndDie(dir: string): Promise<void> {
  const module = new URL('../../db/data-dir.js', import.meta.url).href;
  const code = `const { openDataDir } = await import(${JSON.stringify(module)}); await openDataDir(${JSON.stringify(dir)}); console.log('open'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

for (const [what, name] of [
  ['a folder', 'pm-iot-dir-'],
  ['a folder whose path is too long for a socket', `pm-iot-${'long'.repeat(30)}-`],
] as const) {
  void test(`${what} has one owner at a time`, async (t) => {
    const dir = folder(t, name);
    const first = await openDataDir(dir);
    await assert.rejects(openDataDir(dir), (error: Error) => {
      assert.ok(error instanceof DataDirLockedError);
      assert.match(error.message, new RegExp(`in use by process ${process.pid}`));
      return true;
    });
    // As root, or a service with a PrivateTmp, has it.
    const { TMPDIR } = process.env;
    process.env.TMPDIR = folder(t);
    await assert.rejects(openDataDir(dir), DataDirLockedError).finally(() => {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    });
    await first.release();
    const second = await openDataDir(dir);
    await second.release();
  });

  void test(`${what} is free after a kill -9, for one of several who come at once`, async (t) => {
    const dir = folder(t, name);
    await openAndDie(dir);
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => openDataDir(dir)));
    const owners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    assert.equal(owners.length, 1);
    for (const owner of owners) await owner.release();
  });
}

void test('a folder that cannot be written is an error that names DATA_DIR', async (t) => {
  const file = join(folder(t), 'file');
  writeFileSync(file, '');
  await assert.rejects(openDataDir(join(file, 'below')), (error: Error) => {
    assert.ok(error instanceof DataDirUnusableError);
    assert.match(error.message, /^DATA_DIR .* cannot be written .*name a folder/);
    return true;
  });
});

void test('a secret is made once, for the owner alone', (t) => {
  const dir = folder(t);
  const secret = readOrCreateSecret(dir, 'jwt.secret');
  assert.ok(Buffer.from(secret, 'base64url').length >= 32);
  assert.equal(readOrCreateSecret(dir, 'jwt.secret'), secret);
  assert.equal(statSync(join(dir, 'jwt.secret')).mode & 0o777, 0o600);
});
