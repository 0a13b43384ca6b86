import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../helpers/wait.ts';
import { type Box, openBox } from './box.ts';
import { lastValue, measure, register } from './device.ts';
import { nodeArchive, packAndUnpack } from './packages.ts';
import { debian, treesMissing } from './trees.ts';

const skip = treesMissing();
const BOOKWORM = { name: 'bookworm', included: ['ca-certificates'], fetched: ['postgresql'] } as const;
const START_LIMIT_MS = 3 * 60_000;

let tree = '';
let packed: Awaited<ReturnType<typeof packAndUnpack>>;
let archive = '';
const folder = mkdtempSync(join(tmpdir(), 'pm-iot-node-'));

before(async () => {
  if (skip !== false) return;
  [tree, packed, archive] = await Promise.all([debian(BOOKWORM), packAndUnpack(), nodeArchive(folder)]);
});
after(() => {
  packed?.remove();
  rmSync(folder, { recursive: true });
});

const INSTALL = '/root/package/scripts/install.sh';
const NODE = '/root/node.tar.gz';
const ENV_FILE = '/etc/pm-iot/pm-iot.env';
const FIRST_PASSWORD = '/var/lib/pm-iot/first-password';

async function boxWithPackage(t: Parameters<typeof openBox>[0]): Promise<Box> {
  const box = await openBox(t, tree, false);
  cpSync(packed.folder, box.path('/root/package'), { recursive: true });
  copyFileSync(archive, box.path(NODE));
  return box;
}

/** As the service would start it, where no systemd does. */
async function runs(box: Box) {
  const server = box.start('pm-iot', 'run');
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  await until(
    'it serves',
    () => output.includes('"msg":"ready"'),
    () => output,
    START_LIMIT_MS,
  );
  return {
    stop: async () => {
      await box.do('sh', '-c', "kill $(find /proc -maxdepth 1 -user pm-iot -printf '%f ')");
      await until('it has stopped', () => server.exitCode !== null);
    },
    said: () => output,
  };
}

async function refused(box: Box, options: string[], told: RegExp, status = 1): Promise<void> {
  const ran = await box.run('sh', INSTALL, ...options);
  assert.match(ran.output, told);
  assert.equal(ran.status, status, ran.output);
}

void test('what cannot be done is refused before anything is changed, with what to do', {
  skip,
}, async (t) => {
  const box = await boxWithPackage(t);
  await refused(box, [], /there is no Node that will do.*\n.*\n.*--node FILE/s);
  await refused(box, ['--node', '/root/none'], /--node: there is no file \/root\/none/);
  await refused(box, ['--node', NODE, '--from', '/root/none.tgz'], /--from: there is no file/);
  const half = readFileSync(packed.tarball).subarray(0, 1_000_000);
  writeFileSync(box.path('/root/half.tgz'), half);
  await refused(box, ['--node', NODE, '--from', '/root/half.tgz'], /cannot be unpacked.*\n.*sha256sum/);
  await refused(box, ['--node', NODE, '--from', NODE], /is not a package of PM IoT/);
  await refused(box, ['--back'], /there is no version before/);

  cpSync(packed.folder, box.path('/srv/package'), { recursive: true });
  await box.do('chmod', '-R', 'a+rX', '/srv/package');
  const noRoot = await box.run('runuser', '-u', 'nobody', '--', 'sh', '/srv/package/scripts/install.sh');
  assert.match(noRoot.output, /this needs root\n {2}sudo sh/);

  writeFileSync(box.path('/usr/local/bin/dpkg'), '#!/bin/sh\necho armhf\n', { mode: 0o755 });
  await refused(box, [], /32 bits.*\n.*64-bit Raspberry Pi OS/);
  rmSync(box.path('/usr/local/bin/dpkg'));

  mkdirSync(box.path('/opt/pm-iot'), { recursive: true });
  await box.do('mount', '-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', '/opt/pm-iot');
  await refused(box, ['--node', NODE], /not enough room.*40 MiB free.*\n.*goes on where it stopped/);
  await box.do('umount', '/opt/pm-iot');
  assert.ok(!existsSync(box.path('/etc/pm-iot')) && !existsSync(box.path('/usr/local/bin/pm-iot')));

  const taken = box.start(
    'perl',
    '-MIO::Socket::INET',
    '-e',
    'my $taken = IO::Socket::INET->new(LocalPort => 8883, Listen => 1) or die; sleep 600',
  );
  t.after(() => taken.kill());
  await until(
    'the port is taken',
    async () =>
      (await box.run('perl', '-MIO::Socket::INET', '-e', 'exit !IO::Socket::INET->new("127.0.0.1:8883")'))
        .status === 0,
  );
  await refused(
    box,
    ['--node', NODE],
    /MQTTS_PORT: .*:8883: another program listens there.*Nothing was started/s,
  );
});

for (const database of ['embedded', 'PostgreSQL']) {
  const name = `where no systemd runs, by hand, with the ${database === 'embedded' ? 'built-in database' : database}`;
  void test(name, { skip }, async (t) => {
    const box = await boxWithPackage(t);
    const options = database === 'embedded' ? [] : ['--with-postgres'];
    writeFileSync(box.path('/root/own.env'), 'DEVICE_ENROLLMENT=open\n');
    const output = await box.do('sh', INSTALL, '--node', NODE, '--config', '/root/own.env', ...options);
    assert.match(output, /By hand: +\/usr\/local\/bin\/pm-iot run/);
    const { mode } = statSync(box.path(ENV_FILE));
    assert.equal(mode & 0o777, 0o640);
    const text = readFileSync(box.path(ENV_FILE), 'utf8');
    assert.equal(/^DATABASE_URL=postgres:\/\/\/pm-iot/m.test(text), database === 'PostgreSQL');

    const server = await runs(box);
    const password = readFileSync(box.path(FIRST_PASSWORD), 'utf8').trim();
    assert.ok(!server.said().includes(password));
    await register(box);
    await measure(box, 4);
    assert.equal(await lastValue(box, password), 4);
    assert.match(await box.do('pm-iot', 'enroll'), /mqtts:\/\//);
    await server.stop();

    await box.do('sh', INSTALL, ...options);
    assert.equal(readFileSync(box.path(ENV_FILE), 'utf8'), text, 'a configuration that is there is kept');
    await box.do('sh', INSTALL, '--uninstall');
    await box.do('sh', INSTALL, '--node', NODE);
    const again = await runs(box);
    assert.equal(await lastValue(box, password), 4);
    await again.stop();
    await box.do('sh', INSTALL, '--purge', '--yes');
    assert.ok(!existsSync(box.path('/var/lib/pm-iot')) && !existsSync(box.path('/etc/pm-iot')));
  });
}

void test('a command that is not there is told, with those that are', { skip }, () => {
  const { status, stderr, stdout } = spawnSync('sh', [
    join(packed.folder, 'scripts', 'install', 'pm-iot'),
    '../x',
  ]);
  assert.equal(status, 64);
  assert.match(`${stderr}${stdout}`, /run +the server itself/);
});
