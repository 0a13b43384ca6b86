import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Report } from '../../scripts/bench/report/report.ts';

const PROGRAM = fileURLToPath(new URL('../../scripts/bench/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

void test('npm run bench, in small: what an app sees, asks for and polls', async (t) => {
  const out = mkdtempSync(join(tmpdir(), 'pm-iot-bench-out-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const args = ['--short', '--only', 'ours-embedded', '--measure', 'visible,commands,polls', '--out', out];
  await promisify(execFile)(process.execPath, [PROGRAM, ...args], { cwd: ROOT });

  const report = JSON.parse(readFileSync(join(out, 'bench.json'), 'utf8')) as Report;
  assert.deepEqual(report.faults, []);
  const rows = report.sections.flatMap((section) => section.rows);
  for (const start of ['publish until visible, idle', 'command and back, beside', 'polls of 50 widgets']) {
    const values = rows.filter(({ measure }) => measure.startsWith(start)).flatMap((row) => row.values);
    assert.ok(values.length > 0 && values.every((value) => value > 0), start);
  }
  assert.deepEqual(
    new Set(rows.map(({ contestant }) => contestant)),
    new Set(['ours-embedded', 'bare-hono']),
  );
});
