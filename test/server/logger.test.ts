import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../logger.ts';

void test('whatever was thrown can be logged, and no parameters of a statement with it', () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', output: { write: (line: string) => void lines.push(line) } });
  const noStack = Object.assign(new Error('bare'), { stack: undefined });
  for (const err of [null, undefined, 'text', 7, noStack, new Error('Failed query\nparams: $argon2id$')]) {
    log.warn({ err }, 'it failed');
  }
  assert.equal(lines.length, 6);
  assert.ok(lines.every((line) => (JSON.parse(line) as { msg: string }).msg === 'it failed'));
  assert.ok(!lines.join().includes('argon2'));
});
