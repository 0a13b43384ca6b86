import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { DAY_MS, folder, operatorsFiles } from '../helpers/certificates.ts';
import { runBeside } from '../helpers/command.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

interface Trust {
  ca: string;
  key?: string;
  cert?: string;
}

async function secure(server: Server, trust: Trust, port = server.ports.mqtts): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ...trust });
  await once(socket, 'secureConnect');
  return socket;
}

/** Fingerprint of the certificate that new connections are shown. */
async function shown(server: Server, ca: string, port = server.ports.mqtts): Promise<string> {
  const socket = await secure(server, { ca }, port);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

/** SHA-256 of the CA that a device finds which knows the fingerprint alone. */
async function caInHandshake(server: Server): Promise<string> {
  const { mqtts: port } = server.ports;
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate(true).issuerCertificate;
  socket.destroy();
  return createHash('sha256').update(raw).digest('hex');
}

const ownFiles = (server: Server, id: string) => {
  const read = (suffix: string) =>
    readFileSync(join(server.dataDir, 'certs', 'devices', `${id}.${suffix}`), 'utf8');
  return { key: read('key'), cert: read('crt') };
};

/** Publishes one reading after the other until it is told to end; gives how many were acknowledged. */
function keepPublishing(wire: Wire, deviceId: string) {
  let going = true;
  const done = (async () => {
    let seq = 0;
    for (; going; seq++) await wire.publish(`devices/${deviceId}/sensor`, reading(seq, { seq }));
    return seq;
  })();
  done.catch(() => {});
  return () => {
    going = false;
    return done;
  };
}

void test('certificates change under load: no session is dropped, no message lost', async (t) => {
  const { server, rest } = await startServer(t);
  const certs = async (...args: string[]) => {
    const { code, stdout, stderr } = await runBeside(server, 'certs', ...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const ids = ['load-1', 'load-2', 'load-3', 'load-4'];
  for (const id of ids) await (await enrolled(server, rest, id)).wire.disconnect();
  for (const id of ids) await certs('device', id);
  const wires = new Map<string, Wire>();
  for (const id of ids) {
    const wire = new Wire(await secure(server, { ca: server.ca, ...ownFiles(server, id) }));
    t.after(() => wire.drop());
    assert.equal((await wire.connect({ clientId: id, username: id })).returnCode, 0);
    wires.set(id, wire);
  }
  const ends = new Map(ids.map((id) => [id, keepPublishing(wires.get(id) as Wire, id)]));
  const oldCa = server.ca;
  const oldFiles = ownFiles(server, 'load-1');
  const logIn = async (trust: Trust, id: string) => {
    const wire = new Wire(await secure(server, trust));
    t.after(() => wire.drop());
    return (await wire.connect({ clientId: id, username: id })).returnCode;
  };

  const first = await shown(server, oldCa);
  await certs('renew');
  const second = await until('the renewed certificate is shown', async () => {
    const now = await shown(server, oldCa);
    return now === first ? null : now;
  });
  await until('HTTPS shows it too', async () => (await shown(server, oldCa, server.ports.https)) === second);

  await certs('rotate-ca');
  assert.match(await certs('list'), /^ca-next +\d+ days/m);
  await certs('device', 'load-new');
  const newFiles = ownFiles(server, 'load-new');
  await until('both CAs are given out', async () => {
    const { body } = await rest.get<string>('/api/ca.crt');
    return body.match(/BEGIN/g)?.length === 2;
  });
  assert.equal(await shown(server, oldCa), second, 'a device that knows the old CA alone goes on');
  const { line } = await rest.expect<{ line: string }>(201, 'POST', '/api/enrollments', {});
  const { ca_sha256, ca_next_sha256 } = JSON.parse(line) as Record<string, string>;
  assert.equal(await caInHandshake(server), ca_sha256, 'a device that enrols now finds the CA');
  await until('a certificate of the new CA logs in', async () => {
    return (await logIn({ ca: server.ca, ...newFiles }, 'load-new')) === 0;
  });

  await certs('rotate-ca', '--drop-old');
  await until('it finds the next one too', async () => (await caInHandshake(server)) === ca_next_sha256);
  const newCa = server.ca;
  assert.equal(newCa.match(/BEGIN/g)?.length, 1);
  await until('the server is known under the new CA', () => shown(server, newCa).catch(() => null));
  await assert.rejects(shown(server, oldCa), 'nobody who trusts the old CA alone is misled');
  assert.equal(await logIn({ ca: newCa, ...oldFiles }, 'load-1'), 4, 'the old CA lets nobody in');

  for (const id of ids) {
    const acknowledged = await ends.get(id)?.();
    assert.equal(wires.get(id)?.ended, false, `${id} stayed connected`);
    const { widget_id } = await rest.widget(id, 'temperature');
    const stored = (await rest.readings(widget_id)).map(({ seq }) => seq);
    assert.ok((acknowledged ?? 0) > 20, `${id} published throughout`);
    assert.deepEqual(stored, [...Array(acknowledged).keys()], `every reading of ${id} is stored once`);
  }
});

void test('an own certificate of the operator takes our place, and is read again when its files change', async (t) => {
  const { files, issue, caPath } = operatorsFiles(folder(t));
  const fingerprint = async (at = Date.now()) =>
    new X509Certificate((await issue(at, ['localhost', 'box.example.org'])).certPem).fingerprint256;
  const first = await fingerprint();
  const { server, rest } = await startServer(t, { TLS_CERT: files.cert, TLS_KEY: files.key });
  const ca = readFileSync(caPath, 'utf8');
  assert.equal(await shown(server, ca), first);
  const { line } = await rest.expect<{ line: string }>(201, 'POST', '/api/enrollments', {});
  const { ca_sha256, urls } = JSON.parse(line) as { ca_sha256: unknown; urls: string[] };
  assert.equal(ca_sha256, null);
  assert.equal(urls[0], `mqtts://box.example.org:${server.ports.mqtts}`);
  const second = await fingerprint();
  await until('the new one is shown', async () => (await shown(server, ca)) === second);

  writeFileSync(files.key, 'no key');
  await until('it is told', () => server.lines.some(({ path }) => path === files.key));
  assert.equal(await shown(server, ca), second, 'what was read last goes on serving');
  await server.stop();
  const { code, stderr } = await server.runToEnd();
  assert.equal(code, 78);
  assert.match(stderr, /^TLS_KEY: .*own\.key holds no private key/);

  await fingerprint(Date.now() - 400 * DAY_MS);
  await server.start();
  assert.ok(server.lines.some(({ level, path }) => level === 'error' && path === files.cert));
});

void test('the end of certificates is measured', async (t: TestContext) => {
  const { server, rest } = await startServer(t);
  await runBeside(server, 'certs', 'device', 'lamp');
  const days = async (name: string) => {
    const { body } = await rest.get<string>('/api/metrics');
    const line = `^pm_iot_certificate_expiry_timestamp_seconds\\{certificate="${name}"\\} (\\d+)$`;
    const found = new RegExp(line, 'm').exec(body);
    return found === null ? null : (Number(found[1]) * 1000 - Date.now()) / DAY_MS;
  };
  assert.ok(((await days('server')) ?? 0) > 390);
  assert.ok(((await days('ca')) ?? 0) > 3600);
  await until('a certificate of a device is counted too', async () => ((await days('devices')) ?? 0) > 3600);
});

void test('new credentials end a client certificate as well as the secret', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  await wire.disconnect();
  await runBeside(server, 'certs', 'device', 'lamp');
  const stolen = ownFiles(server, 'lamp');
  const logIn = async (password?: string, files: object = {}) => {
    const device = new Wire(await secure(server, { ca: server.ca, ...files }));
    t.after(() => device.drop());
    const hello = { clientId: 'lamp', username: 'lamp', ...(password !== undefined && { password }) };
    return { device, code: (await device.connect(hello)).returnCode };
  };
  const { device, code } = await logIn(undefined, stolen);
  assert.equal(code, 0);
  const { device_secret } = await rest.expect<{ device_secret: string }>(
    200,
    'POST',
    '/api/devices/lamp/secret',
  );
  await device.closed;
  assert.equal((await logIn(undefined, stolen)).code, 5);
  assert.equal((await logIn(secret)).code, 4);
  assert.equal((await logIn(device_secret)).code, 0);
  await runBeside(server, 'certs', 'device', 'lamp');
  assert.equal(
    (await logIn(undefined, ownFiles(server, 'lamp'))).code,
    0,
    'a certificate made afterwards counts',
  );
});
