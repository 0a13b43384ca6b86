import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../logger.ts';

function logged(err: unknown): Record<string, unknown> {
  let line = '';
  const output = {
    write: (text: string) => {
      line = text;
    },
  };
  createLogger({ level: 'warn', output }).warn({ err }, 'Redis is away');
  return JSON.parse(line) as Record<string, unknown>;
}

test('an error of Redis is logged without the parameters of its command', () => {
  const error = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['hush'] } });
  const { err } = logged(error);
  assert.equal((err as Error).message, 'WRONGPASS');
  assert.doesNotMatch(JSON.stringify(err), /hush/);
});

test('a line about an error that is not known is a line all the same', () => {
  assert.equal(logged(null).err, null);
  assert.equal(logged('no more').err, 'no more');
});
