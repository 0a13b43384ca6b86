import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readOptions, UsageError } from '../../scripts/bench/options.ts';
import type { Report } from '../../scripts/bench/report/report.ts';
import { ratioOf, spreadOf } from '../../scripts/bench/report/statistics.ts';

const PROGRAM = fileURLToPath(new URL('../../scripts/bench/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

void test('npm run bench, in small: every acknowledged reading is a row', async (t) => {
  const out = mkdtempSync(join(tmpdir(), 'pm-iot-bench-out-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const args = ['--short', '--only', 'ours-embedded,aedes', '--measure', 'throughput', '--out', out];
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args], { cwd: ROOT });

  const report = JSON.parse(readFileSync(join(out, 'bench.json'), 'utf8')) as Report;
  assert.deepEqual(report.faults, []);
  const [book] = report.books;
  assert.ok(book !== undefined && book.acknowledged > 0);
  assert.equal(book.rows, book.acknowledged);
  const rows = report.sections.flatMap((section) => section.rows);
  const acknowledged = rows.filter(({ measure }) => measure.startsWith('acknowledged'));
  assert.deepEqual(
    acknowledged.map(({ contestant, values }) => [contestant, values.length]),
    [
      ['ours-embedded', 1],
      ['aedes', 1],
    ],
  );
  assert.match(stdout, /\| bare Aedes/);
  assert.equal(stdout.trimEnd(), readFileSync(join(out, 'bench.md'), 'utf8').trimEnd());
  assert.match(readFileSync(join(out, 'bench.svg'), 'utf8'), /^<svg [\s\S]*<rect class="bar ours"/);
});

void test('ratios are taken within a round, and their median is told', () => {
  const row = { measure: 'acknowledged', unit: '/s', better: 'more' } as const;
  const ours = { ...row, contestant: 'ours-postgres', values: [50, 60, 10] };
  const base = { ...row, contestant: 'aedes', values: [100, 100, 10] };
  assert.equal(ratioOf(ours, [ours, base]), 0.6);
  assert.equal(ratioOf(base, [ours, base]), null);
  assert.equal(ratioOf(ours, [ours]), null);
  assert.deepEqual(spreadOf([3, 1, 2, 10]), { median: 2.5, min: 1, max: 10 });
});

void test('options of npm run bench that make no sense are refused', () => {
  assert.throws(() => readOptions(['--only', 'rabbit']), UsageError);
  assert.throws(() => readOptions(['--rounds', '0']), UsageError);
  assert.throws(() => readOptions(['--seconds', 'long']), UsageError);
  assert.throws(() => readOptions(['--unheard-of']), UsageError);
});
