import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openCertificateStore } from '../../certs/store.ts';
import { readServerFile } from '../../scripts/operator/server-file.ts';
import { DAY_MS, folder, operatorsFiles } from '../helpers/certificates.ts';
import { runTool } from '../helpers/command.ts';

/** DATA_DIR as a server leaves it, and `npm run certs` on it. */
async function prepared(t: TestContext, variables: Record<string, string> = {}, now = Date.now) {
  const dataDir = folder(t);
  const store = openCertificateStore({ dir: join(dataDir, 'certs'), now });
  await store.ensureServer();
  const certs = (...args: string[]) =>
    runTool('certs', args, { variables: { DATA_DIR: dataDir, ...variables } });
  const told = async (...args: string[]) => {
    const { code, stdout, stderr } = await certs(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  return { dataDir, store, certs, told };
}

void test('certs makes no CA where there is none, and tells a wrong folder from one that it may not read', async (t) => {
  const dataDir = folder(t);
  for (const args of [['list'], ['rotate-ca']]) {
    const { code, stderr } = await runTool('certs', args, { variables: { DATA_DIR: dataDir } });
    assert.equal(code, 1);
    assert.match(stderr, /^nothing of PM IoT is in \/.*set DATA_DIR\n$/);
  }
  assert.ok(!existsSync(join(dataDir, 'certs')));

  writeFileSync(join(dataDir, 'jwt.secret'), 'secret', { mode: 0o600 });
  chmodSync(dataDir, 0);
  const isRoot = process.geteuid?.() === 0;
  try {
    if (isRoot) process.seteuid?.(65_534);
    assert.throws(
      () => readServerFile(dataDir, 'jwt.secret'),
      /^Error: this user may not read \/.*or with sudo$/,
    );
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(dataDir, 0o700);
  }
});

void test('words and options that a command does not have are told with the usage', async (t) => {
  const { certs } = await prepared(t);
  const cases: [string[], RegExp][] = [
    [[], /^npm run certs -- COMMAND/],
    [['revoke'], /^revoke is no command$/m],
    [['list', 'all'], /^too many words: all$/m],
    [['list', '--drop-old'], /^--drop-old is an option of rotate-ca$/m],
    [['renew', '--force'], /--force/],
    [['device', '../x'], /^device needs a device id/m],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await certs(...args);
    assert.equal(code, 64, args.join(' '));
    assert.match(stderr, expected);
    assert.match(stderr, /npm run certs -- COMMAND/);
  }
});

void test('what a device had before is told, and what ends with the old CA', async (t) => {
  const { told } = await prepared(t);
  assert.doesNotMatch(await told('device', 'lamp'), /earlier/);
  assert.match(
    await told('device', 'lamp'),
    /earlier certificate of lamp .*\n.*POST \/api\/devices\/lamp\/secret/,
  );
  await told('rotate-ca');
  await told('device', 'new');
  const between = await told('list');
  assert.match(between, /^device lamp .*ends with the old CA$/m);
  assert.match(between, /^device new .*[0-9A-F]{2}$/m);
  assert.match(await told('rotate-ca', '--drop-old'), /^Of those made here: device lamp\.$/m);
  assert.match(await told('list'), /^device lamp .*refused: its CA is trusted no more$/m);
});

void test('a file that cannot be read is in the list with its path', async (t) => {
  const { dataDir, told } = await prepared(t);
  const path = join(dataDir, 'certs', 'devices', 'lamp.crt');
  mkdirSync(join(path, '..'));
  writeFileSync(path, 'spoilt');
  const list = await told('list');
  assert.ok(list.includes(`device lamp  unreadable: ${path} is no certificate in PEM`), list);
  assert.match(list, /^server +39\d days/m);
});

void test('a CA that is not valid yet is marked', async (t) => {
  const { told } = await prepared(t, {}, () => Date.now() + 10 * DAY_MS);
  assert.match(await told('list'), /^ca .*is not valid before/m);
});

void test('a machine that has forgotten the time makes no certificate of 1970', async (t) => {
  const NODE_OPTIONS = '--import=data:text/javascript,Date.now=()=>0';
  const { told, store } = await prepared(t, { NODE_OPTIONS });
  await told('device', 'lamp');
  const file = store.device('lamp');
  assert.ok(file !== null && 'certificate' in file);
  assert.ok(Date.parse(file.certificate.validTo) > Date.now() + 3000 * DAY_MS);
});

void test('the server certificate has the public host also when it is renewed by hand', async (t) => {
  const { told, store } = await prepared(t, { PUBLIC_HOST: 'box.example.org' });
  await told('renew');
  assert.equal(await store.ensureServer(), null);
  const [, server] = await store.list();
  assert.ok(server !== undefined && 'certificate' in server);
  assert.equal(server.certificate.checkHost('box.example.org'), 'box.example.org');
});

void test('a certificate of the operator is listed as what the server shows, and not renewed here', async (t) => {
  const dir = folder(t);
  const { files, issue } = operatorsFiles(dir);
  await issue(Date.now() - 380 * DAY_MS);
  const { told, certs } = await prepared(t, { TLS_CERT: files.cert, TLS_KEY: files.key });
  const list = await told('list');
  assert.match(list, /^server \(TLS_CERT\) +\d+ days .*ends soon$/m);
  assert.doesNotMatch(list, /^server +\d/m);
  const { code, stderr } = await certs('renew');
  assert.equal(code, 1);
  assert.match(stderr, /^TLS_CERT is set: the server shows .*own\.crt/);
  writeFileSync(files.cert, 'spoilt');
  assert.match(
    await told('list'),
    /^server \(TLS_CERT\) +unreadable: TLS_CERT: .*own\.crt holds no certificate/m,
  );
  await told('device', 'lamp');
});
