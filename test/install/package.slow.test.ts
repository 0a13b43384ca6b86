import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { packAndUnpack } from './packages.ts';

const MIB = 1024 * 1024;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

void test('a package holds all that the program loads, for two processors, and nothing else', async (t) => {
  const packed = await packAndUnpack();
  t.after(packed.remove);
  const size = statSync(packed.tarball).size / MIB;
  console.log(`the package has ${size.toFixed(1)} MiB`);
  assert.ok(size < 16, `${size} MiB`);
  for (const gone of [
    'node_modules',
    'test',
    'web',
    'package-lock.json',
    'dist/test',
    'dist/node_modules/typescript',
  ]) {
    assert.ok(!existsSync(join(packed.folder, gone)), gone);
  }
  for (const platform of ['x64-gnu', 'arm64-gnu', 'x64-musl', 'arm64-musl']) {
    const folder = join(packed.folder, 'dist', 'node_modules', '@node-rs', `argon2-linux-${platform}`);
    assert.ok(existsSync(folder), platform);
  }
  const dist = join(packed.folder, 'dist');
  const ours = filesBelow(dist).filter(
    (path) => path.endsWith('.js') && !/\/(node_modules|app)\//.test(path),
  );
  const packages = new Set<string>();
  for (const path of ours) {
    const text = readFileSync(path, 'utf8');
    for (const [, from, bare] of text.matchAll(
      /^(?:import|export)\b[^'";]*?from '([^']+)';|^import '([^']+)';/gm,
    )) {
      const target = from ?? bare ?? '';
      if (target.startsWith('.')) assert.ok(existsSync(join(dirname(path), target)), `${path}: ${target}`);
      else if (!target.startsWith('node:')) packages.add(target);
    }
  }
  assert.ok(packages.size > 20);
  const load = `for (const name of ${JSON.stringify([...packages])}) await import(name);`;
  const loaded = spawnSync(process.execPath, ['--input-type=module', '-e', load], {
    cwd: dist,
    encoding: 'utf8',
  });
  assert.equal(loaded.status, 0, loaded.stderr);
});
