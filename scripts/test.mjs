// Runs the built tests: `npm test`, `npm test -- commands e2e` (only files whose path has one of the words),
// `npm test -- --test-name-pattern=pairing` (options go to the runner).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listFiles } from './setup/sources.mjs';

// The tests start servers and wait for them most of the time; more at once would only make them slow.
const CONCURRENCY = 2;
const LONGEST_TEST_MS = 10 * 60_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const options = given.filter((argument) => argument.startsWith('-'));
const words = given.filter((argument) => !argument.startsWith('-')).map((word) => word.replace(/\.ts$/, ''));
const folder = join('dist', 'test');

const files = existsSync(join(root, folder))
  ? listFiles(join(root, folder), (name) => name.endsWith('.test.js'))
      .map((path) => join(folder, path))
      .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  : [];

if (files.length === 0) {
  console.error(
    words.length > 0 ? `no test file matches ${words.join(', ')}` : 'no tests found in dist/test',
  );
  process.exit(1);
}

const temporary = mkdtempSync(join(tmpdir(), 'pm-iot-template-'));
const template = join(temporary, 'db');
const made = spawnSync(process.execPath, [join('dist', 'test', 'helpers', 'template.js'), temporary], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (made.status !== 0) process.exit(made.status ?? 1);

const child = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${LONGEST_TEST_MS}`,
    '--test-reporter=spec',
    ...options,
    ...files,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TEST_DATABASE_TEMPLATE: template } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  rmSync(temporary, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
