import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../helpers/wait.ts';
import { type Box, openBox } from './box.ts';
import { lastValue, measure, register } from './device.ts';
import { noteOf, packAndUnpack, renameBuild } from './packages.ts';
import { debian, treesMissing } from './trees.ts';

const skip = treesMissing();
const MIB = 1024 * 1024;
/** apt-get unpacks Node before the second. */
const STAGE_LIMIT_MS = 5 * 60_000;
const TRIXIE = {
  name: 'trixie',
  included: ['ca-certificates', 'systemd', 'systemd-sysv', 'dbus'],
  fetched: ['nodejs', 'postgresql'],
} as const;

let tree = '';
let packed: Awaited<ReturnType<typeof packAndUnpack>>;

before(async () => {
  if (skip !== false) return;
  [tree, packed] = await Promise.all([debian(TRIXIE), packAndUnpack()]);
});
after(() => packed?.remove());

const INSTALL = '/root/package/scripts/install.sh';
const install = (box: Box, ...options: string[]) => box.do('sh', INSTALL, ...options);
const passwordIn = (output: string) => /^ {2}Password +(\S+)/m.exec(output)?.[1] ?? '';
const property = async (box: Box, name: string) =>
  (await box.do('systemctl', 'show', '-p', name, '--value', 'pm-iot')).trim();

/** A box onto which somebody has copied the package. */
async function boxWithPackage(t: Parameters<typeof openBox>[0]): Promise<Box> {
  const box = await openBox(t, tree, true);
  cpSync(packed.folder, box.path('/root/package'), { recursive: true });
  return box;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

void test('a package holds all that the program loads, for two processors, and nothing else', {
  skip,
}, () => {
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

void test('offline with PostgreSQL: it serves a device over TLS, and a second run changes nothing', {
  skip,
}, async (t) => {
  const box = await boxWithPackage(t);
  cpSync(packed.tarball, box.path('/root/pm-iot.tgz'));
  const output = await install(box, '--from', '/root/pm-iot.tgz', '--with-postgres', '--host', 'box.test');
  assert.match(output, /^installed: PM IoT .* runs$/m);
  assert.match(output, /https:\/\/box\.test:8443/);
  assert.match(output, /CA +SHA-256 ([0-9A-F]{2}:){31}/);
  assert.match(output, /█/, 'the code that an app scans');
  const password = passwordIn(output);
  assert.ok(password.length > 20, output);

  const journal = await box.do('journalctl', '-u', 'pm-iot', '-o', 'cat', '--no-pager');
  assert.ok(!journal.includes(password), 'no journal keeps it');
  assert.equal(
    (await box.run('sh', '-c', `grep -rlF '${password}' /var/lib/pm-iot /etc /var/log`)).output,
    '',
  );
  assert.match(await box.do('systemctl', 'status', 'pm-iot', '--no-pager'), /Status: "serving .*mqtts 8883"/);
  assert.match(await property(box, 'SystemCallFilter'), /\bsetpriority\b/, 'a backup makes itself nice');

  await box.do(
    'sh',
    '-c',
    'sed -i "s/^#DEVICE_ENROLLMENT=.*/DEVICE_ENROLLMENT=open/" /etc/pm-iot/pm-iot.env',
  );
  await box.do('systemctl', 'restart', 'pm-iot');
  await register(box);
  await measure(box, 21.5);
  assert.equal(await lastValue(box, password), 21.5);
  assert.match(
    await box.do('runuser', '-u', 'postgres', '--', 'psql', '-d', 'pm-iot', '-c', '\\dt'),
    /devices/,
  );

  const pid = await property(box, 'MainPID');
  const again = await install(box, '--from', '/root/pm-iot.tgz', '--with-postgres');
  assert.match(again, /^no change: /m);
  assert.equal(await property(box, 'MainPID'), pid, 'it runs on');

  assert.match(await install(box, '--uninstall'), /stays in \/var\/lib\/pm-iot/);
  assert.ok(!existsSync(box.path('/opt/pm-iot')) && existsSync(box.path('/var/lib/pm-iot/certs/ca.key')));
  assert.match(await install(box, '--from', '/root/pm-iot.tgz'), /^installed: /m);
  assert.equal(await lastValue(box, password), 21.5, 'found again');

  assert.match((await box.run('sh', INSTALL, '--purge')).output, /--yes answers it/);
  await install(box, '--purge', '--yes');
  for (const gone of ['/opt/pm-iot', '/var/lib/pm-iot', '/etc/pm-iot', '/usr/local/bin/pm-iot']) {
    assert.ok(!existsSync(box.path(gone)), gone);
  }
  assert.equal((await box.run('getent', 'passwd', 'pm-iot')).status, 2);
  assert.equal(
    await box.do(
      'runuser',
      '-u',
      'postgres',
      '--',
      'psql',
      '-Atc',
      "select count(*) from pg_database where datname = 'pm-iot'",
    ),
    '0\n',
  );
});

void test('interrupted anywhere, the next run ends what it began; upgrades, and the way back', {
  skip,
}, async (t) => {
  const box = await boxWithPackage(t);
  for (const stage of ['── program', '── configuration', '── service']) {
    const child = box.start('sh', INSTALL);
    let seen = '';
    child.stdout?.on('data', (chunk) => {
      seen += String(chunk);
    });
    await until(
      `${stage} is reached`,
      () => seen.includes(stage),
      () => seen,
      STAGE_LIMIT_MS,
    );
    // Of all that it has started, as when the power goes.
    await box.do(
      'sh',
      '-c',
      'for pid in $(grep -lsF scripts/install.sh /proc/[0-9]*/cmdline | cut -d/ -f3); do [ $pid = $$ ] || kill -9 $pid; done',
    );
  }
  const output = await install(box);
  assert.match(output, /^(installed|brought up to date): /m);
  assert.ok(passwordIn(output).length > 20, output);
  assert.match(await install(box), /^no change: /m);

  const { version, build } = noteOf(packed.folder);
  renameBuild(box.path('/root/package'), 'aaaaaaaa');
  const upgraded = await install(box);
  assert.match(
    upgraded,
    new RegExp(`^upgraded: PM IoT ${version}-aaaaaaaa runs, before it was ${version}-${build}$`, 'm'),
  );
  renameBuild(box.path('/root/package'), 'bbbbbbbb');
  await install(box);
  const versions = () =>
    readdirSync(box.path('/opt/pm-iot'))
      .filter((name) => /^\d/.test(name))
      .sort();
  assert.deepEqual(versions(), [`${version}-aaaaaaaa`, `${version}-bbbbbbbb`]);
  assert.match(await box.do('sh', '/opt/pm-iot/current/scripts/install.sh', '--back'), /aaaaaaaa runs/);

  // What cannot run is told in its own words, and the way back with it.
  await box.do('sh', '-c', 'echo HTTPS_PORT=eighty >>/etc/pm-iot/pm-iot.env');
  const refused = await box.run('sh', INSTALL);
  assert.equal(refused.status, 1);
  assert.match(refused.output, /HTTPS_PORT: "eighty"/);
  assert.equal(await property(box, 'ActiveState'), 'active', 'what runs is left alone');
  await box.do('sed', '-i', '/eighty/d', '/etc/pm-iot/pm-iot.env');
  truncateSync(box.path('/root/package/dist/main.js'), 100);
  renameBuild(box.path('/root/package'), 'cccccccc');
  const broken = await box.run('sh', INSTALL);
  assert.equal(broken.status, 1);
  assert.match(broken.output, /does not start.*\n.*journalctl -u pm-iot\n.*--back/);
  await install(box, '--back');
  assert.equal(await property(box, 'ActiveState'), 'active');
});
