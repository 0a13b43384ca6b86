import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, loadConfig } from '../../config/index.ts';
import { GROUPS, VARIABLES } from '../../config/variables/index.ts';
import { PAGES } from '../../scripts/config-docs/pages.ts';
import { PROGRAM } from '../helpers/server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

void test('pages tell the variables as the code declares them', () => {
  for (const { path, write } of PAGES) {
    const text = readFileSync(path, 'utf8');
    assert.ok(text === write(text), `${path}: run npm run config-docs`);
  }
});

void test('each variable is in one group, and has a value when none is set', () => {
  const grouped = Object.values(GROUPS).flatMap((group) => Object.keys(group));
  assert.deepEqual(new Set(grouped).size, grouped.length);
  assert.deepEqual([...grouped, 'PM_IOT_WORKER'].sort(), Object.keys(VARIABLES).sort());
  assert.doesNotThrow(() => loadConfig({}));
});

void test('a default may be set, and what is no value is refused', () => {
  for (const [name, { fallback, allowed }] of Object.entries(VARIABLES)) {
    if (fallback !== null) assert.doesNotThrow(() => loadConfig({ [name]: fallback }), name);
    assert.throws(
      () => loadConfig({ [name]: '\0 ' }, { readFiles: false }),
      (error) => error instanceof ConfigError && error.lines[0]?.endsWith(`is not allowed: ${allowed}`),
      name,
    );
  }
});

/** Where the environment is read, and why not by way of the declared variables. */
const READERS: Record<string, string> = {
  'config/index.ts': 'puts .env into it',
  'main.ts':
    'hands it to config/, and to service-manager.ts: NOTIFY_SOCKET and the like are set by systemd alone',
  'server/backups.ts': 'hands it to config/: the settings are in a backup',
  'server/upgrade.ts': 'the same, of the backup before an upgrade',
  'scripts/backup/main.ts': 'the same',
  'scripts/install/facts.mjs': 'hands it to config/',
  'scripts/pack/modules.mjs': 'PACK_PLATFORMS, for whoever makes the package',
  'scripts/operator/local-server.ts': 'hands it to config/',
  'scripts/simulate/main.ts': 'PM_IOT_PASSWORD, in place of an option that others could read',
  'scripts/doctor/patient.ts': 'hands it to config/',
  'scripts/import/options.ts': 'INIT_CWD: npm tells where it was called',
  'scripts/setup/npm.mjs': 'npm_execpath: npm tells where it lies',
  'scripts/test.mjs': 'hands it on to the tests',
  'scripts/bench/contestants/child.ts': 'hands it on to a program of others',
  'scripts/bench/contestants/mosquitto.ts': 'PATH',
  'scripts/bench/contestants/node-red.ts': 'XDG_CACHE_HOME',
  'web/vite.config.ts': 'PM_IOT_URL, for whoever works on the app',
  'web/client/example.ts': 'an example that stands by itself',
};
const SKIPPED = new Set(['.git', 'dist', 'node_modules', 'test', 'data']);

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : sources(path);
    return /\.(?:[cm]?[jt]s|tsx)$/.test(entry.name) ? [path] : [];
  });
}

void test('the environment is read where it is declared, and nowhere else', () => {
  const readers = sources('').filter((path) =>
    /\bprocess\.env\b/.test(readFileSync(join(ROOT, path), 'utf8')),
  );
  assert.deepEqual(readers.sort(), Object.keys(READERS).sort());
});

void test('the program tells its variables and its version, and takes no other options', () => {
  const help = execFileSync(process.execPath, [PROGRAM, '--help'], { encoding: 'utf8' });
  for (const name of Object.keys(GROUPS.limits)) assert.match(help, new RegExp(`^ {2}${name} +\\d`, 'm'));
  assert.match(help, /^ {2}DATA_DIR +\.\/data$/m);
  assert.doesNotMatch(help, /[[\]`]/);
  const version = execFileSync(process.execPath, [PROGRAM, '--version'], { encoding: 'utf8' });
  assert.match(version, /^\d+\.\d+\.\d+\n$/);
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, '--http-port=80'], { encoding: 'utf8' });
  assert.equal(status, 64);
  assert.match(stderr, /^--http-port=80: .*--help/);
});
