import assert from 'node:assert/strict';
import { cpSync, existsSync } from 'node:fs';
import { test } from 'node:test';
import { lastValue, measure, register } from './device.ts';
import { boxWithPackage, INSTALL, install, passwordIn, property } from './installed.ts';
import { treesMissing } from './trees.ts';

const skip = treesMissing();

void test('offline with PostgreSQL: it serves a device over TLS, and a second run changes nothing', {
  skip,
}, async (t) => {
  const { box, packed } = await boxWithPackage(t);
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
