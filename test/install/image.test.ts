import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** One a line, comments and continued lines taken care of. */
const instructions = textOf('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return { name, rest };
  });
const all = (name: string) => instructions.filter((line) => line.name === name).map(({ rest }) => rest);

void test('what the image copies is there, and comes from a stage that was made', () => {
  const stages = all('FROM').map((rest) => / AS (\S+)$/.exec(rest)?.[1]);
  for (const rest of all('COPY')) {
    const from = /^--from=(\S+)/.exec(rest)?.[1];
    if (from !== undefined) assert.ok(stages.includes(from), rest);
    else for (const path of rest.split(' ').slice(0, -1)) assert.ok(existsSync(join(ROOT, path)), rest);
  }
  // Every instruction is one that is known here.
  assert.ok(instructions.every(({ name }) => name !== ''));
});

void test('the image runs what was packed, as a user that is not root, on a Node that will do', () => {
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
  const one = (name: string) => last.find((line) => line.name === name)?.rest ?? '';
  assert.match(one('USER'), /^[1-9]\d*:[1-9]\d*$/);
  assert.match(one('ENTRYPOINT'), /"\/app\/dist\/main\.js"/);
  assert.equal(one('VOLUME'), '/data');
  assert.match(one('ENV'), /DATA_DIR=\/data/);
  for (const from of all('FROM')) assert.match(from, /^node:22-/);
});

void test('an engine asks whether the process lives, where it says so', () => {
  assert.match(all('HEALTHCHECK')[0] ?? '', /\/api\/health\/live/);
  assert.match(textOf('api/routes/health.ts'), /'\/api\/health\/live'/);
});

void test('nothing private comes into an image, and no secret has a default', () => {
  const ignored = textOf('.dockerignore').split('\n');
  for (const path of ['.env', '.git', 'data', 'node_modules', 'dist'])
    assert.ok(ignored.includes(path), path);
  const compose = textOf('compose.yaml');
  for (const [use] of compose.matchAll(/\$\{\w*(?:PASSWORD|SECRET|TOKEN|KEY)\w*[^}]*\}/g)) {
    assert.match(use, /^\$\{\w+:\?/, `${use} must be set`);
  }
  assert.doesNotMatch(compose, /ALLOW_PLAINTEXT/);
  for (const port of compose.matchAll(/'(\d+):\d+'/g)) assert.ok(['8443', '8883'].includes(port[1] ?? ''));
});
