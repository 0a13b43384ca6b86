import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nameOf, ROOT, readPages } from './page.ts';

void test('TypeScript on pages compiles against what is there', (t) => {
  const blocks = readPages()
    .flatMap((page) => page.blocks)
    .filter(({ language }) => language === 'ts');
  assert.ok(blocks.length > 0);
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-docs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = blocks.map((block, i) => {
    const file = `${i}.ts`;
    // A page tells to copy the client into a project.
    const text = block.text.replaceAll("'./client/", `'${join(ROOT, 'web', 'client')}/`);
    writeFileSync(join(folder, file), `// ${nameOf(block)}\n${text}`);
    return file;
  });
  const compilerOptions = {
    ...{ target: 'es2023', module: 'nodenext', lib: ['es2023', 'dom'], types: [], noEmit: true },
    ...{ strict: true, allowImportingTsExtensions: true, skipLibCheck: true },
  };
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  } catch (error) {
    assert.fail(String((error as { stdout?: unknown }).stdout));
  }
});
