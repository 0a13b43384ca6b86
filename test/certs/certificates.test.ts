import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { localNames } from '../../certs/names.ts';
import { daysLeft } from '../../certs/period.ts';
import { openCertificateStore } from '../../certs/store.ts';
import { DAY_MS, folder } from '../helpers/certificates.ts';

void test('the server certificate is trusted under every local name, and a device certificate names its device', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  await store.ensureServer();
  const server = store.server();
  const { caPem, ...device } = await store.issueDevice('ESP32-1');
  const listener = createServer({
    key: server.keyPem,
    cert: server.certPem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(() => listener.close());
  const address = listener.address();
  assert.ok(typeof address === 'object' && address !== null);
  const certificate = new X509Certificate(server.certPem);
  for (const name of localNames()) {
    assert.ok(/^[\d.]+$|:/.test(name) ? certificate.checkIP(name) : certificate.checkHost(name), name);
  }
  const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
  const socket = connect({
    port: address.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: caPem,
    key: device.keyPem,
    cert: device.certPem,
  });
  await once(socket, 'secureConnect');
  const [peer] = await accepted;
  assert.equal(socket.authorized, true);
  assert.equal(peer.authorized, true);
  assert.equal(peer.getPeerCertificate().subject.CN, 'ESP32-1');
  socket.destroy();
});

void test('what is there is kept; a certificate that ends within 30 days is made anew by the same CA', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  assert.equal(await store.ensureServer(), 'there is none');
  const first = store.server();
  assert.equal(await openCertificateStore({ dir }).ensureServer(), null);
  assert.deepEqual(store.server(), first);
  const later = openCertificateStore({ dir, now: () => Date.now() + 368 * DAY_MS });
  assert.equal(await later.ensureServer(), 'it ends soon');
  assert.notEqual(later.server().certPem, first.certPem);
  const { current } = await later.authorities();
  assert.ok(new X509Certificate(first.certPem).verify(current.certificate.publicKey));
});

void test('a half-written server certificate is replaced; a damaged CA is an error that says what to do', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  await store.ensureServer();
  writeFileSync(join(dir, 'server.pem'), '-----BEGIN');
  assert.equal(await store.ensureServer(), 'the file is damaged');
  assert.ok(new X509Certificate(store.server().certPem).checkHost('localhost'));
  // Of a CA the key is enough.
  writeFileSync(join(dir, 'ca.crt'), '-----BEGIN');
  assert.equal(await store.ensureServer(), null);
  writeFileSync(join(dir, 'ca.key'), '-----BEGIN');
  await assert.rejects(store.ensureServer(), /ca\.crt or ca\.key is damaged: restore/);
});

void test('a CA certificate that was lost is made again from its key, and what it issued stays trusted', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  await store.ensureServer();
  const server = store.server();
  rmSync(join(dir, 'ca.crt'));
  assert.equal(await store.ensureServer(), null);
  assert.deepEqual(store.server(), server);
  const { current } = await store.authorities();
  assert.ok(new X509Certificate(server.certPem).checkIssued(current.certificate));
  assert.ok(new X509Certificate(server.certPem).verify(current.certificate.publicKey));
  rmSync(join(dir, 'ca.key'));
  await assert.rejects(store.authorities(), /ca\.key is missing/);
  assert.ok(readFileSync(join(dir, 'ca.crt'), 'utf8').includes('BEGIN'));
});

void test('a rotation keeps both CAs until the old one is dropped, whenever the power goes', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  await store.ensureServer();
  const before = store.server();
  const old = (await store.authorities()).current;
  await assert.rejects(store.dropOldCa(), /one CA only/);
  const next = await store.beginRotation();
  await assert.rejects(store.beginRotation(), /a rotation is under way/);
  assert.equal(readFileSync(join(dir, 'ca.crt'), 'utf8'), old.certPem + next.certPem);
  assert.equal(await store.ensureServer(), null, 'devices that know the old CA alone go on');
  const device = await store.issueDevice('d1');
  assert.ok(new X509Certificate(device.certPem).verify(next.certificate.publicKey));
  assert.equal(device.caPem, old.certPem + next.certPem);

  // The power goes right after the one step that counts: what follows is made good at the next look.
  renameSync(join(dir, 'ca-next.key'), join(dir, 'ca.key'));
  const after = openCertificateStore({ dir });
  assert.equal((await after.authorities()).current.certPem, next.certPem);
  assert.equal(readFileSync(join(dir, 'ca.crt'), 'utf8'), next.certPem);
  assert.equal(await after.ensureServer(), 'the CA is another');
  assert.notEqual(after.server().certPem, before.certPem);
});

void test('no device id leads out of the folder, and what was made is listed with its days', async (t) => {
  const dir = folder(t);
  const store = openCertificateStore({ dir });
  for (const id of ['..', '.', 'a.crt', 'lamp']) {
    const { certPem } = await store.issueDevice(id);
    assert.equal(dirname(store.writeDevice(id, 'crt', certPem)), join(dir, 'devices'));
  }
  const names = (await store.list()).map(({ name }) => name);
  assert.deepEqual(names, ['ca', 'device .', 'device ..', 'device a.crt', 'device lamp']);
  const [, device] = await store.list();
  assert.ok(
    device !== undefined && 'certificate' in device && daysLeft(device.certificate, Date.now()) > 3600,
  );
});
