import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ELSEWHERE, elsewhere } from './elsewhere.ts';
import { nameOf, ROOT, readPages } from './page.ts';
import { runPages } from './run-page.ts';

const pages = readPages();
const HINT =
  'say how this is run: <!-- run: server --> or <!-- run: shell --> on the line before it, or an entry in test/docs/elsewhere.ts';
void test('each block of commands is run, or it is said why not', (t) => {
  const blocks = pages.flatMap((page) => page.blocks).filter(({ language }) => language === 'sh');
  const used = new Set<unknown>();
  for (const block of blocks.filter(({ mark }) => mark === null)) {
    const found = elsewhere(block);
    assert.ok(found, `${nameOf(block)}\n${HINT}`);
    used.add(found);
    t.diagnostic(`not run here: ${nameOf(block)} (${[found.why, found.by].filter(Boolean).join('; ')})`);
  }
  for (const entry of ELSEWHERE) {
    assert.ok(used.has(entry), `a reason for nothing: ${JSON.stringify(entry)}`);
    assert.ok(entry.by === undefined || existsSync(join(ROOT, entry.by)), entry.by);
  }
});

runPages(pages, (marked) => !marked.slow);
