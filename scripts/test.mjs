// Runs the built tests: `npm test`, `npm test -- commands e2e` (only files whose path has one of the words),
// `npm test -- --test-name-pattern=pairing` (options go to the runner). `*.slow.test.ts` run when they are named, and all of
// them by `npm test -- --slow`, as .ci/run does.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listFiles } from './setup/sources.mjs';

// A file waits for servers, disks and limits a good part of its time; more at once would only make all of them slow.
const CONCURRENCY = 3;
const LONGEST_TEST_MS = 10 * 60_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const onlySlow = given.includes('--slow');
const options = given.filter((argument) => argument.startsWith('-') && argument !== '--slow');
const words = given.filter((argument) => !argument.startsWith('-')).map((word) => word.replace(/\.ts$/, ''));
const folder = join('dist', 'test');

/** What was built from a file that has been renamed or removed since is no test any more. */
const hasSource = (path) => existsSync(join(root, path.replace(/^dist./, '').replace(/\.js$/, '.ts')));

const files = existsSync(join(root, folder))
  ? listFiles(join(root, folder), (name) => name.endsWith('.test.js'))
      .map((path) => join(folder, path))
      .filter(hasSource)
      .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
      .filter((path) => path.endsWith('.slow.test.js') === onlySlow || (words.length > 0 && !onlySlow))
  : [];

if (files.length === 0) {
  console.error(
    words.length > 0 ? `no test file matches ${words.join(', ')}` : 'no tests found in dist/test',
  );
  process.exit(1);
}

// The embedded database is compiled anew in each process, and its hot functions once more by the optimizing compiler:
// 2 s of a processor for a server that then lives for seconds. So a function has to run ten times as long before.
const SLOW_TO_OPTIMIZE = '--wasm-tiering-budget=20000000';
// A flag of V8, which a later Node may not know any more.
const knows = spawnSync(process.execPath, [SLOW_TO_OPTIMIZE, '--eval', ''], { stdio: 'ignore' }).status === 0;
const engineFlags = knows ? [SLOW_TO_OPTIMIZE] : [];

const temporary = mkdtempSync(join(tmpdir(), 'pm-iot-templates-'));
const made = spawnSync(process.execPath, [join('dist', 'test', 'helpers', 'make-templates.js'), temporary], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (made.status !== 0) {
  rmSync(temporary, { recursive: true, force: true });
  process.exit(made.status ?? 1);
}

const env = { ...process.env, TEST_TEMPLATES: temporary, TEST_ENGINE_FLAGS: engineFlags.join(' ') };
const child = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    ...engineFlags,
    '--test',
    `--test-concurrency=${CONCURRENCY}`,
    `--test-timeout=${LONGEST_TEST_MS}`,
    '--test-reporter=spec',
    ...options,
    ...files,
  ],
  { cwd: root, stdio: 'inherit', env },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  rmSync(temporary, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
