import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { covers, hostsOf } from '../../certs/names.ts';
import { faultOfOwn } from '../../certs/own.ts';
import { openCertificateStore } from '../../certs/store.ts';
import { folder, opensslMissing, operatorsFiles } from '../helpers/certificates.ts';

void test('a file of a device that cannot be read is told by its path, and hides no other', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  for (const id of ['bad', 'good']) {
    store.writeDevice(id, 'crt', (await store.issueDevice(id)).certPem);
  }
  writeFileSync(join(dir, 'devices', 'bad.crt'), 'spoilt');
  mkdirSync(join(dir, 'devices', 'folder.crt'));
  const devices = async () =>
    (await store.list()).map((one) => ('fault' in one ? `${one.path} ${one.fault}` : one.name)).slice(1);
  const [bad, other, good] = await devices();
  assert.equal(bad, `${join(dir, 'devices', 'bad.crt')} is no certificate in PEM`);
  assert.equal(good, 'device good');
  assert.match(other ?? '', /folder\.crt cannot be read: EISDIR/);

  rmSync(join(dir, 'devices'), { recursive: true });
  writeFileSync(join(dir, 'devices'), '');
  assert.match((await devices()).join(), /devices cannot be read: ENOTDIR/);
});

void test('what root makes belongs to the owner of the folder around it', {
  skip: process.getuid?.() !== 0 && 'not root',
}, async (t) => {
  const dir = join(folder(t), 'certs');
  mkdirSync(dir);
  chownSync(dir, 12_345, 12_346);
  const store = openCertificateStore({ dir });
  const file = store.writeDevice('lamp', 'crt', (await store.issueDevice('lamp')).certPem);
  for (const path of [join(dir, 'devices'), file, join(dir, 'ca.key')]) {
    const { uid, gid } = statSync(path);
    assert.deepEqual([uid, gid], [12_345, 12_346], path);
  }
});

void test('the public host is in the server certificate, whatever it is; a new one makes a new certificate', async (t) => {
  const dir = folder(t);
  await openCertificateStore({ dir }).ensureServer();
  for (const publicHost of ['Box.example.org', '203.0.113.9', '2001:DB8::9', '::ffff:203.0.113.9']) {
    const store = openCertificateStore({ dir, publicHost });
    assert.match((await store.ensureServer()) ?? '', / is a new name of this machine$/, publicHost);
    assert.ok(covers(new X509Certificate(store.server().certPem), publicHost), publicHost);
    assert.equal(await store.ensureServer(), null, publicHost);
    await store.renewServer();
    assert.ok(covers(new X509Certificate(store.server().certPem), publicHost), `${publicHost}, by hand`);
  }
});

void test('a damaged key of the next CA leaves the current one at work, and takes no trust away', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  await store.ensureServer();
  const { current } = await store.authorities();
  await store.beginRotation();
  store.writeDevice('early', 'crt', (await store.issueDevice('early')).certPem);
  const bundle = readFileSync(store.caPath, 'utf8');
  const key = readFileSync(join(dir, 'ca-next.key'));
  for (const damage of ['', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n']) {
    writeFileSync(join(dir, 'ca-next.key'), damage);
    const after = await store.authorities();
    assert.equal(after.current.certPem, current.certPem);
    assert.equal(after.nextFault?.path, join(dir, 'ca-next.key'));
    assert.equal(after.bundle, bundle);
    assert.equal(await store.ensureServer(), null);
    for (const step of [store.dropOldCa, store.beginRotation, () => store.issueDevice('late')]) {
      await assert.rejects(step, /ca-next\.key is of no use .*: restore it from a backup, or remove it/);
    }
    const early = (await store.list()).find(({ name }) => name === 'device early');
    assert.equal(early?.issuer, 'ca-next');
  }
  assert.equal(readFileSync(store.caPath, 'utf8'), bundle);
  writeFileSync(join(dir, 'ca-next.key'), key);
  assert.deepEqual((await store.dropOldCa()).cutOff, []);
});

void test('a damaged key of the CA is an error that names the file', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  writeFileSync(join(dir, 'ca.key'), 'spoilt');
  await assert.rejects(store.authorities(), /ca\.crt or ca\.key is damaged: .*no private key in PEM/);
});

void test('whoever looks while a rotation begins finds the CA that was made, and makes no other', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  const old = (await store.authorities()).current;
  const next = await store.beginRotation();
  writeFileSync(store.caPath, old.certPem);
  assert.equal((await openCertificateStore({ dir }).authorities()).next?.certPem, next.certPem);
});

void test('what is dropped with the old CA is told by device', async (t) => {
  const store = openCertificateStore({ dir: folder(t) });
  store.writeDevice('before', 'crt', (await store.issueDevice('before')).certPem);
  await store.beginRotation();
  store.writeDevice('between', 'crt', (await store.issueDevice('between')).certPem);
  const issuers = async () =>
    (await store.list()).flatMap(({ name, issuer }) => (issuer === undefined ? [] : [[name, issuer]]));
  assert.deepEqual(await issuers(), [
    ['device before', 'ca'],
    ['device between', 'ca-next'],
  ]);
  assert.deepEqual((await store.dropOldCa()).cutOff, ['device before']);
  assert.deepEqual(await issuers(), [
    ['device before', null],
    ['device between', 'ca'],
  ]);
});

void test('what is wrong with the files of the operator is told with the variable, the path and the reason', async (t) => {
  const dir = folder(t);
  const { files, issue } = operatorsFiles(dir);
  await issue(0);
  assert.equal(faultOfOwn(files), null, 'one that has ended can be served all the same');
  const other = operatorsFiles(join(dir, 'authority'));
  await other.issue();
  const spoilt = join(dir, 'spoilt');
  writeFileSync(spoilt, 'spoilt');
  const cases: [Partial<typeof files>, RegExp][] = [
    [{ cert: join(dir, 'none') }, /^TLS_CERT: .*\/none cannot be read: ENOENT/],
    [{ key: join(dir, 'none') }, /^TLS_KEY: .*\/none cannot be read: ENOENT/],
    [{ cert: spoilt }, /^TLS_CERT: .*\/spoilt holds no certificate: a PEM file is needed$/],
    [{ key: spoilt }, /^TLS_KEY: .*\/spoilt holds no private key: a PEM file is needed$/],
    [
      { key: other.files.key },
      /^TLS_KEY: .*own\.key is the key of another certificate than TLS_CERT .*own\.crt$/,
    ],
  ];
  for (const [changed, expected] of cases) assert.match(faultOfOwn({ ...files, ...changed }) ?? '', expected);

  await t.test('an encrypted key, in both ways of writing it', { skip: opensslMissing() }, () => {
    const key = join(dir, 'encrypted.key');
    const ways = [
      ['pkcs8', '-topk8', '-in', files.key, '-out', key, '-passout', 'pass:secret'],
      ['ec', '-in', files.key, '-out', key, '-aes128', '-passout', 'pass:secret'],
    ];
    for (const way of ways) {
      execFileSync('openssl', way, { stdio: 'ignore' });
      assert.match(faultOfOwn({ ...files, key }) ?? '', /^TLS_KEY: .* is encrypted with a password: /);
    }
  });
});

void test('devices are told the hosts for which the certificate of the operator was made', async (t) => {
  const { issue } = operatorsFiles(folder(t));
  const hosts = async (...names: string[]) => {
    const { certPem } = await issue(Date.now(), names);
    return hostsOf(new X509Certificate(certPem));
  };
  assert.deepEqual(await hosts('localhost', 'box.example.org', '*.example.org', '203.0.113.9'), [
    'box.example.org',
    '203.0.113.9',
  ]);
  assert.deepEqual(await hosts('2001:DB8::9'), ['2001:db8::9']);
  assert.equal((await hosts('a.org', 'b.org', 'c.org', 'd.org')).length, 3);
  assert.ok((await hosts('*.example.org')).length > 0, 'this machine is told where nothing else is');
});
