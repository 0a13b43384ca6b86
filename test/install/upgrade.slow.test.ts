import assert from 'node:assert/strict';
import { readdirSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../helpers/wait.ts';
import { boxWithPackage, INSTALL, install, passwordIn, property } from './installed.ts';
import { noteOf, renameBuild } from './packages.ts';
import { treesMissing } from './trees.ts';

/** apt-get unpacks Node before the second stage. */
const STAGE_LIMIT_MS = 5 * 60_000;
const skip = treesMissing();

void test('interrupted anywhere, the next run ends what it began; upgrades, and the way back', {
  skip,
}, async (t) => {
  const { box, packed } = await boxWithPackage(t);
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
      'for pid in $(grep -lsF scripts/install.sh /proc/[0-9]*/cmdline | cut -d/ -f3); do [ $pid = $$ ] || kill -9 $pid || true; done',
    );
    // What it had started last may take a moment to end.
    await box.do('flock', '/run/lock/pm-iot-install', 'true');
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
