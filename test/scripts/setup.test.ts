import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

void test('a set-up that has nothing to do does nothing and says nothing', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/setup.mjs'], {
    cwd: ROOT,
  });
  assert.deepEqual([stdout, stderr], ['', '']);
});

interface Sources {
  listSources(root: string): string[];
  staleOutputs(root: string, sources: string[]): string[];
}

const sources = (await import(pathToFileURL(join(ROOT, 'scripts', 'setup', 'sources.mjs')).href)) as Sources;

function projectOf(t: TestContext, files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'pm-iot-sources-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const path of files) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  return root;
}

void test('of the web app, what runs in Node too is built with the rest', (t) => {
  const root = projectOf(t, [
    'main.ts',
    'test/web/a.test.ts',
    'web/app/main.ts',
    'web/client/index.ts',
    'web/i18n/th.ts',
    'web/node_modules/x/index.ts',
    'web/state/live/room.ts',
    'web/state/view.tsx',
    'web/vite.config.ts',
  ]);
  assert.deepEqual(sources.listSources(root), [
    'main.ts',
    'test/web/a.test.ts',
    'web/client/index.ts',
    'web/i18n/th.ts',
    'web/state/live/room.ts',
  ]);
});

void test('outputs without a source are stale, but for the built web app', (t) => {
  const root = projectOf(t, [
    'main.ts',
    'web/client/index.ts',
    'dist/main.js',
    'dist/gone.js.map',
    'dist/web/client/index.js',
    'dist/web/client/gone.js',
    'dist/app/index.js',
    'dist/app/assets/main.js',
  ]);
  assert.deepEqual(sources.staleOutputs(root, sources.listSources(root)), [
    'gone.js.map',
    'web/client/gone.js',
  ]);
});

interface Web {
  isWebBuilt(root: string): boolean;
  buildWeb(root: string): Promise<void>;
}

const web = (await import(pathToFileURL(join(ROOT, 'scripts', 'setup', 'web.mjs')).href)) as Web;

void test('the web app is built when something of it has changed, and a fault of it is told', async (t) => {
  const root = projectOf(t, ['package-lock.json', 'dist/main.js', 'web/public/icon.svg']);
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  assert.ok(web.isWebBuilt(root), 'a project without an app has nothing to build');
  const write = (path: string, text: string) => writeFileSync(join(root, 'web', path), text);
  write('index.html', '<script type="module" src="./main.ts"></script>');
  write('main.ts', "document.title = 'one';");
  write('vite.config.ts', "export default { root: import.meta.dirname, build: { outDir: '../dist/app' } };");
  assert.equal(web.isWebBuilt(root), false);
  await web.buildWeb(root);
  assert.ok(web.isWebBuilt(root));
  assert.ok(existsSync(join(root, 'dist', 'app', 'icon.svg')));
  write('main.ts', "document.title = 'another';");
  assert.equal(web.isWebBuilt(root), false);
  write('main.ts', 'const = ;');
  await assert.rejects(web.buildWeb(root), /the build of the web app ended with exit code 1\n.*main\.ts/s);
  assert.equal(web.isWebBuilt(root), false);
});
