import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SCRIPTS = join(ROOT, 'scripts');
const SHELL = [
  join(SCRIPTS, 'install.sh'),
  join(SCRIPTS, 'install', 'pm-iot'),
  ...readdirSync(join(SCRIPTS, 'install'))
    .filter((name) => name.endsWith('.sh'))
    .map((name) => join(SCRIPTS, 'install', name)),
];
const UNIT = readFileSync(join(SCRIPTS, 'install', 'pm-iot.service'), 'utf8');

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, output: `${stdout ?? ''}${stderr ?? ''}`, missing: error !== undefined };
}

/** A reason to skip what needs this program; in CI nothing is skipped. */
const without = (program: string, what: string) =>
  process.env.CI !== 'true' && run(program, '--version').missing && `${program} is not installed (${what})`;

const install = (...args: string[]) => run('sh', join(SCRIPTS, 'install.sh'), ...args);

void test('what cannot be understood is told, with the options there are', () => {
  for (const [args, told] of [
    [['--form', 'x'], /there is no option --form/],
    [['--from'], /--from needs a value/],
    [['--config', '/nonexistent'], /there is no file \/nonexistent/],
    [['--https-port', '84433x'], /84433x is no port/],
    [['--host', 'a b'], /a b is no name of a host/],
  ] as const) {
    const { status, output } = install(...args);
    assert.equal(status, 64, output);
    assert.match(output, told);
    assert.match(output, /--with-postgres/);
  }
  const help = install('--help');
  assert.equal(help.status, 0);
  assert.match(help.output, /--uninstall/);
});

void test('every shell that Debian has reads the scripts', () => {
  for (const path of SHELL)
    assert.deepEqual(run('sh', '-n', path), { status: 0, output: '', missing: false });
});

void test('shellcheck finds nothing', { skip: without('shellcheck', 'apt-get install shellcheck') }, () => {
  const { status, output } = run('shellcheck', '-x', '-P', SCRIPTS, ...SHELL.slice(0, 2));
  assert.equal(status, 0, output);
});

const skip = without('systemd-analyze', 'apt-get install systemd');

void test('systemd understands the unit, and finds little that it could do harm with', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-unit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const unit = join(folder, 'pm-iot.service');
  // Whether a program is executable is looked at too.
  writeFileSync(unit, UNIT.replace('/opt/pm-iot/bin/node', process.execPath));
  assert.deepEqual(run('systemd-analyze', 'verify', unit), { status: 0, output: '', missing: false });
  const { output } = run('systemd-analyze', 'security', '--offline=true', unit);
  const score = Number(/exposure level for pm-iot.service: ([\d.]+)/.exec(output)?.[1]);
  assert.ok(score <= 1.6, output);
});

void test('the unit and the command read the same configuration with the same program', () => {
  const command = readFileSync(join(SCRIPTS, 'install', 'pm-iot'), 'utf8');
  for (const text of ['--env-file=/etc/pm-iot/pm-iot.env', '--enable-source-maps']) {
    assert.ok(UNIT.includes(text) && command.includes(text), text);
  }
  assert.match(UNIT, /^RestartPreventExitStatus=78$/m);
});
