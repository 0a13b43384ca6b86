import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { UsageError } from '../../scripts/operator/usage.ts';
import { Book } from '../../scripts/soak/book.ts';
import { readOptions } from '../../scripts/soak/options.ts';
import type { Report } from '../../scripts/soak/report.ts';
import type { Sample } from '../../scripts/soak/sampler.ts';
import { judge, SERIES, slopeOf } from '../../scripts/soak/slopes.ts';
import { runTool } from '../helpers/command.ts';
import { randomOf } from '../helpers/random.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pm-iot-soak-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

void test('a soak of some seconds does everything, and finds its books in order', async (t) => {
  const out = folder(t);
  const small = ['--minutes', '0.06', '--devices', '6', '--rate', '30', '--sample', '250ms', '--seed', '3'];
  const { TEST_TEMPLATES = '', TEST_ENGINE_FLAGS = '' } = process.env;
  const variables = { ...(TEST_TEMPLATES !== '' && { TEST_TEMPLATES }), TEST_ENGINE_FLAGS };
  const { code, stdout, stderr } = await runTool('soak', [...small, '--out', out], { variables });
  assert.equal(code, 0, stderr);
  const report = JSON.parse(readFileSync(join(out, 'soak.json'), 'utf8')) as Report;
  assert.deepEqual(report.faults, []);
  assert.equal(report.options.seed, 3);
  const { readings, commands, samples, counts } = report;
  assert.ok(readings.sent > 50, JSON.stringify(readings));
  assert.equal(readings.acknowledged, readings.sent);
  assert.equal(readings.stored, readings.sent);
  assert.equal(
    Object.values(commands.states).reduce((sum, count) => sum + count, 0),
    commands.asked,
  );
  assert.ok(samples.length >= 5, `${samples.length} samples`);
  for (const key of [
    'heap',
    'resident',
    'external',
    'files',
    'sockets',
    'connections',
    'database',
    'wal',
  ] as const)
    assert.ok((samples.at(-1)?.[key] ?? 0) > 0, key);
  assert.ok((counts['connections, TLS'] ?? 0) >= 3 && (counts['connections, plain'] ?? 0) >= 3, stdout);
  assert.match(readFileSync(join(out, 'soak.svg'), 'utf8'), /^<svg .+Resident memory.+<\/svg>\n$/s);
  assert.equal(readFileSync(join(out, 'soak.md'), 'utf8').trim(), stdout.trim());
});

void test('a wrong option is told with the usage, and ends with 64', async () => {
  const { code, stderr } = await runTool('soak', ['--minutes', 'many'], {});
  assert.equal(code, 64, stderr);
  assert.match(stderr, /--minutes must be above 0 .+usage: npm run soak/s);
  for (const args of [
    ['--devices', '1.5'],
    ['--database', 'x'],
    ['--sample', '1'],
    ['--rate', '0'],
    ['--colour', 'red'],
  ])
    assert.throws(() => readOptions(args), UsageError);
});

void test('the books tell what is lost, what is there twice and what nobody sent', () => {
  const book = new Book();
  // More than its first size.
  for (let i = 0; i < 3000; i++) book.send(1e12 + i);
  for (let i = 0; i < 2999; i++) book.acknowledge(i);
  const stored = Array.from({ length: 2998 }, (_, i) => [1e12 + i, i, i] as const);
  const right = { sent: 3000, acknowledged: 2999, stored: 2998, lost: 1, repeated: 0, foreign: 0 };
  assert.deepEqual(book.audit(stored), right);
  const wrong = [...stored, [1e12, 0, 0], [1e12 + 5, 6, 6], [1e12, 9999, 9999], [1e12 + 1, 1, 2]] as const;
  assert.deepEqual(book.audit(wrong), { ...right, stored: 3002, repeated: 1, foreign: 3 });
});

/** Ten seconds apart, for so many minutes, with a heap of a saw whose foot rises by so much an hour. */
function samplesOf(minutes: number, perHour: number): Sample[] {
  const random = randomOf(1);
  return Array.from({ length: minutes * 6 }, (_, i) => {
    const seconds = (i + 1) * 10;
    return { seconds, heap: 50 + (seconds / 3600) * perHour + 20 * ((i % 6) / 6) + random.next() } as Sample;
  });
}
const [heap] = SERIES;

void test('a leak is told from a saw, and is a fault when it is fast and the run was long', () => {
  assert.ok(heap !== undefined);
  const flat = judge(samplesOf(45, 0), heap);
  assert.equal(flat.verdict, 'flat');
  assert.ok(!flat.fault);
  const leaking = judge(samplesOf(45, 60), heap);
  assert.match(leaking.verdict, /^grows by (5[89]|6[012]) MiB an hour$/);
  assert.ok(leaking.fault);
  assert.ok(!judge(samplesOf(45, 10), heap).fault);
  assert.match(judge(samplesOf(45, 10), heap).verdict, /^grows by/);
  assert.ok(!judge(samplesOf(12, 60), heap).fault, 'a short run');
  assert.equal(judge([], heap).verdict, 'too short to tell');
});

void test('a slope is that of least squares, with its error', () => {
  const line = Array.from({ length: 10 }, (_, i) => ({ x: i * 60, y: 3 + i }));
  const slope = slopeOf(line);
  assert.ok(Math.abs((slope?.perHour ?? 0) - 60) < 1e-9);
  assert.ok((slope?.error ?? 1) < 1e-6);
  assert.equal(slopeOf(line.slice(0, 4)), null);
});
