import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openCertificateStore } from '../../certs/store.ts';
import { DAY_MS, folder, operatorsFiles } from '../helpers/certificates.ts';
import { examine, faults, found, QUIET } from '../helpers/doctor.ts';

const ENV = { ...QUIET, MQTTS_PORT: '0' };

/** DATA_DIR with certificates that were made at that time. */
async function made(t: TestContext, at: number, names?: string[]) {
  const dataDir = folder(t);
  const dir = join(dataDir, 'certs');
  const store = openCertificateStore({ dir, now: () => at });
  await store.authorities();
  await store.renewServer(names);
  return { dataDir, dir };
}

void test('certificates of our own that are as they should be', async (t) => {
  const { dataDir } = await made(t, Date.now());
  const report = await examine({ env: { ...ENV, DATA_DIR: dataDir } });
  assert.deepEqual(
    faults(report).filter((code) => code.startsWith('certificate')),
    [],
  );
  assert.equal(report.findings.filter(({ code }) => code === 'certificate').length, 2);
});

void test('one that has ended, and one that ends soon', async (t) => {
  const { dataDir, dir } = await made(t, Date.now());
  const store = (ago: number) => openCertificateStore({ dir, now: () => Date.now() - ago * DAY_MS });
  await store(500).renewServer();
  const ended = found(await examine({ env: { ...ENV, DATA_DIR: dataDir } }), 'certificate_expired');
  assert.equal(ended.level, 'broken');
  assert.match(ended.todo ?? '', /certs -- renew/);
  await store(380).renewServer();
  const ends = found(await examine({ env: { ...ENV, DATA_DIR: dataDir } }), 'certificate_ends');
  assert.match(ends.text, /ends in 1\d days/);
});

void test('one that was made while the clock was ahead', async (t) => {
  const { dataDir } = await made(t, Date.now() + 30 * DAY_MS);
  assert.match(
    found(await examine({ env: { ...ENV, DATA_DIR: dataDir } }), 'certificate_not_yet_valid').todo ?? '',
    /clock/,
  );
});

void test('one that does not name how devices are told to reach the machine', async (t) => {
  const { dataDir } = await made(t, Date.now(), ['localhost']);
  const report = await examine({ env: { ...ENV, DATA_DIR: dataDir, PUBLIC_HOST: 'box.example.org' } });
  assert.match(found(report, 'certificate_names').text, /does not name box\.example\.org/);
});

void test('one of another CA, and one that is damaged', async (t) => {
  const { dataDir, dir } = await made(t, Date.now());
  const other = await made(t, Date.now());
  copyFileSync(join(other.dir, 'server.pem'), join(dir, 'server.pem'));
  const env = { ...ENV, DATA_DIR: dataDir };
  assert.equal(found(await examine({ env }), 'certificate_of_another_ca').level, 'broken');
  writeFileSync(join(dir, 'server.pem'), 'half a file');
  assert.equal(found(await examine({ env }), 'certificate_damaged').level, 'broken');
  writeFileSync(join(dir, 'ca.crt'), '');
  assert.equal(found(await examine({ env }), 'certificate_unreadable').level, 'broken');
});

void test('files of the operator: ended, unreadable', async (t) => {
  const dir = folder(t);
  const { files, issue } = operatorsFiles(dir);
  mkdirSync(join(dir, 'data'));
  await issue(Date.now() - 500 * DAY_MS);
  const env = { ...ENV, DATA_DIR: join(dir, 'data'), TLS_CERT: files.cert, TLS_KEY: files.key };
  assert.equal(found(await examine({ env }), 'certificate_expired').level, 'broken');
  writeFileSync(files.key, 'no key');
  assert.match(found(await examine({ env }), 'config_invalid').text, /^TLS_KEY/);
});
