import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { localNames, openCertificates } from '../../certs/index.ts';
import { silent } from '../helpers/database.ts';

const DAY_MS = 86_400_000;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pm-iot-certs-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

void test('the server certificate is trusted under every local name, and a device certificate names its device', async (t) => {
  const dir = folder(t);
  const { ca, server, issueDevice } = await openCertificates({ dir, log: silent });
  const device = await issueDevice('ESP32-1');
  const listener = createServer({
    key: server.keyPem,
    cert: server.certPem,
    ca: ca.certPem,
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
    ca: ca.certPem,
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
  const first = await openCertificates({ dir, log: silent });
  const second = await openCertificates({ dir, log: silent });
  assert.deepEqual(second.server, first.server);
  const later = () => Date.now() + 368 * DAY_MS;
  const third = await openCertificates({ dir, log: silent, now: later });
  assert.notEqual(third.server.certPem, first.server.certPem);
  assert.equal(third.ca.fingerprintSha256, first.ca.fingerprintSha256);
});

void test('a half-written server certificate is replaced; a damaged CA is an error that says what to do', async (t) => {
  const dir = folder(t);
  await openCertificates({ dir, log: silent });
  writeFileSync(join(dir, 'server.crt'), '-----BEGIN');
  const { server } = await openCertificates({ dir, log: silent });
  assert.ok(new X509Certificate(server.certPem).checkHost('localhost'));
  writeFileSync(join(dir, 'ca.crt'), '-----BEGIN');
  await assert.rejects(openCertificates({ dir, log: silent }), /ca\.crt or ca\.key is damaged: restore/);
});

void test('a CA certificate that was lost is made again from its key, and what it issued stays trusted', async (t) => {
  const dir = folder(t);
  const { server } = await openCertificates({ dir, log: silent });
  rmSync(join(dir, 'ca.crt'));
  const { ca, server: after } = await openCertificates({ dir, log: silent });
  assert.deepEqual(after, server);
  const authority = new X509Certificate(ca.certPem);
  assert.ok(new X509Certificate(server.certPem).checkIssued(authority));
  assert.ok(new X509Certificate(server.certPem).verify(authority.publicKey));
  rmSync(join(dir, 'ca.key'));
  await assert.rejects(openCertificates({ dir, log: silent }), /ca\.key is missing/);
  assert.ok(readFileSync(join(dir, 'ca.crt'), 'utf8').includes('BEGIN'));
});
