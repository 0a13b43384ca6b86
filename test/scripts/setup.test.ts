import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

void test('a set-up that has nothing to do does nothing and says nothing', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/setup.mjs'], {
    cwd: ROOT,
  });
  assert.deepEqual([stdout, stderr], ['', '']);
});
