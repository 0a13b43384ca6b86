import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isKnownNode } from '../../scripts/doctor/checks/program.ts';
import { runTool } from '../helpers/command.ts';
import { examine, faults, found, QUIET } from '../helpers/doctor.ts';

const asRoot = process.getuid?.() === 0;
const onlyRoot = asRoot ? false : 'only root may make files of another user';
const NOBODY = 65_534;

function dataDir(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-doctor-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

void test('a configuration that is not valid is told line by line, and all else is looked at', async (t) => {
  const variables = {
    ...QUIET,
    DATA_DIR: dataDir(t),
    DEVICE_ENROLLMENT: 'maybe',
    HTTP_PORT: '99999',
    WORKERS: '2',
    DATABASE_URL: 'postgres://me:top-secret@127.0.0.1:1/home',
    REDIS_URL: 'redis://someone:hidden-word@127.0.0.1:2',
    JWT_SECRET: 'short-secret',
  };
  const report = await examine({ env: variables });
  const lines = report.findings.flatMap(({ code, text }) => (code === 'config_invalid' ? [text] : []));
  for (const name of ['DEVICE_ENROLLMENT', 'HTTP_PORT', 'JWT_SECRET'])
    assert.ok(
      lines.some((line) => line.startsWith(name)),
      `${name}: ${lines.join('\n')}`,
    );
  assert.equal(found(report, 'database_unreachable').level, 'broken');
  assert.equal(found(report, 'redis_unreachable').level, 'broken');
  const { stdout, stderr, code } = await runTool('doctor', [], { variables });
  assert.equal(code, 2);
  assert.doesNotMatch(report.stdout + stdout + stderr, /top-secret|hidden-word|short-secret/);
});

void test('cluster variables that contradict each other are told, and end nothing', async (t) => {
  const report = await examine({ env: { ...QUIET, DATA_DIR: dataDir(t), WORKERS: '4' } });
  assert.match(found(report, 'config_invalid').text, /^WORKERS/);
});

void test('an .env that others may read, and one that cannot be read at all', async (t) => {
  const cwd = dataDir(t);
  writeFileSync(join(cwd, '.env'), `DATA_DIR=${join(cwd, 'data')}\n`, { mode: 0o644 });
  chmodSync(join(cwd, '.env'), 0o644);
  assert.match(
    found(await examine({ env: QUIET, cwd }), 'env_file_open_to_others').todo ?? '',
    /^chmod 600 \.env$/,
  );
  rmSync(join(cwd, '.env'));
  mkdirSync(join(cwd, '.env'));
  assert.match(found(await examine({ env: QUIET, cwd }), 'config_invalid').text, /^\.env: cannot be read/);
});

void test('before the first start nothing is broken', async (t) => {
  const report = await examine({ env: { ...QUIET, DATA_DIR: join(dataDir(t), 'not-yet') } });
  assert.deepEqual(
    faults(report).filter((code) => !/clock|disk_slow/.test(code)),
    [],
  );
  assert.equal(found(report, 'server_never_started').level, 'skipped');
});

void test('a DATA_DIR of another user', { skip: onlyRoot }, async (t) => {
  const folder = dataDir(t);
  const mine = join(folder, 'data');
  mkdirSync(mine, { mode: 0o700 });
  chmodSync(folder, 0o755);
  // Who may not even look into it says so, and what to do.
  const within = ['runuser', '-u', 'nobody', '--', 'env', `DATA_DIR=${mine}`];
  const report = await examine({ env: QUIET, within });
  assert.match(found(report, 'folder_not_ours').todo ?? '', /sudo/);
  assert.ok(!faults(report).includes('check_failed'), report.stdout);

  chownSync(mine, NOBODY, NOBODY);
  mkdirSync(join(mine, 'certs'));
  writeFileSync(join(mine, 'jwt.secret'), 'made by root', { mode: 0o600 });
  const mixed = found(await examine({ env: { ...QUIET, DATA_DIR: mine } }), 'files_of_another_user');
  assert.match(mixed.text, /certs, .*jwt\.secret belong to another user/);
  assert.equal(mixed.todo, `sudo chown -R ${NOBODY}:${NOBODY} ${mine}`);
});

void test('a DATA_DIR that is a file', async (t) => {
  const path = join(dataDir(t), 'file');
  writeFileSync(path, '');
  assert.equal(found(await examine({ env: { ...QUIET, DATA_DIR: path } }), 'folder_is_none').level, 'broken');
});

void test('a clock at 1970, as of a box without one', async (t) => {
  const path = join(dataDir(t), 'clock.mjs');
  writeFileSync(path, 'const began = performance.now(); Date.now = () => performance.now() - began;');
  const env = { ...QUIET, DATA_DIR: dataDir(t), NODE_OPTIONS: `--import=${path}` };
  const { level, text, todo } = found(await examine({ env }), 'clock_wrong');
  assert.equal(level, 'broken');
  assert.match(text, /^The clock says 1970-01-01T/);
  assert.match(todo ?? '', /timedatectl/);
});

void test('a shell that lets few files be open', async (t) => {
  const within = ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'];
  const report = await examine({ env: { ...QUIET, DATA_DIR: dataDir(t) }, within });
  assert.match(found(report, 'file_limit_low').text, /^This shell may open 256 files/);
});

void test('backups: none at all, a fresh one, an old one', async (t) => {
  const folder = dataDir(t);
  const env = { ...QUIET, DATA_DIR: folder, BACKUP_EVERY: 'off' };
  assert.match(found(await examine({ env }), 'backup_none').todo ?? '', /npm run backup/);
  mkdirSync(join(folder, 'backups'));
  const path = join(folder, 'backups', 'pm-iot-000001-20261128T160000Z.tar.gz');
  writeFileSync(path, 'not looked into', { mode: 0o600 });
  assert.equal(found(await examine({ env }), 'backup').level, 'ok');
  const old = Date.now() / 1000 - 40 * 86_400;
  utimesSync(path, old, old);
  assert.match(found(await examine({ env }), 'backup_old').text, /^The last backup is 40 days old/);
});

void test('which Node.js is new enough', () => {
  for (const version of ['20.19.0', '20.20.2', '22.12.0', '24.1.0']) assert.ok(isKnownNode(version), version);
  for (const version of ['18.20.0', '20.18.9', '21.7.0', '22.11.0'])
    assert.ok(!isKnownNode(version), version);
});

void test('what it is not told is told to be a mistake', async () => {
  const { code, stderr } = await runTool('doctor', ['now'], { variables: QUIET });
  assert.equal(code, 64);
  assert.match(stderr, /it takes no arguments/);
});
