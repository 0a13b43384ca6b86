import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { example } from './program.ts';

const page = readFileSync(fileURLToPath(new URL('../../../docs/first-device.md', import.meta.url)), 'utf8');

void test('what the page shows of a program stands in it', () => {
  const excerpts = [...page.matchAll(/<!-- from (\S+) -->\n\n```\w+\n([\s\S]*?)```/g)];
  assert.ok(excerpts.length >= 4);
  for (const [, file = '', text = ''] of excerpts) {
    assert.ok(readFileSync(example(file), 'utf8').includes(text.trim()), `${file} does not say\n${text}`);
  }
});

void test('each program is linked, and no secret is in what git takes', () => {
  for (const [, file = ''] of page.matchAll(/\]\(examples\/first-device\/([^)]+)\)/g)) {
    assert.ok(existsSync(example(file)), file);
  }
  const ignored = readFileSync(example('.gitignore'), 'utf8').split('\n');
  for (const name of ['config.h', 'config.py', 'config.sh', 'device.secret'])
    assert.ok(ignored.includes(name), name);
});

void test('what the programs print is what the page shows', () => {
  const [, shown = ''] = /terminal:\n\n```\n([\s\S]*?)```/.exec(page) ?? [];
  const lines = shown.trim().split('\n');
  assert.equal(lines.length, 3);
  for (const file of [
    'arduino/pm_iot_device/pm_iot_device.ino',
    'esp-idf/main/main.c',
    'micropython/main.py',
  ]) {
    const text = readFileSync(example(file), 'utf8');
    assert.ok(text.includes('registered: the secret is kept'), file);
    assert.ok(/connected with the (%s|secret)/.test(text), file);
  }
});
