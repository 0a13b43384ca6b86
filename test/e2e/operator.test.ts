import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { opensslMissing } from '../helpers/certificates.ts';
import { runBeside } from '../helpers/command.ts';
import { register } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { Wire } from '../helpers/wire.ts';

interface Line {
  v: number;
  urls: string[];
  ca_sha256: string;
  token: string;
}

void test('npm run enroll', async (t) => {
  const { server, rest } = await startServer(t, { PUBLIC_HOST: 'box.example.org' });

  await t.test(
    'gives one line with all that a device needs: it finds the CA in the handshake, and enrols',
    async () => {
      const { code, stdout, stderr } = await runBeside(server, 'enroll', '--uses', '2', '--json');
      assert.equal(code, 0, stderr);
      const { v, urls, ca_sha256, token } = JSON.parse(stdout) as Line;
      assert.equal(v, 1);
      assert.deepEqual(urls, [
        `mqtts://box.example.org:${server.ports.mqtts}`,
        `wss://box.example.org:${server.ports.https}/mqtt`,
      ]);
      const ca = await caInHandshake(server.ports.mqtts, ca_sha256);
      const wire = await Wire.tls(server.ports.mqtts, ca);
      t.after(() => wire.drop());
      await wire.connect({ clientId: 'lamp', username: 'lamp', password: token });
      assert.equal((await register(wire, 'lamp')).status, 'registered');
    },
  );

  await t.test('shows the line as a QR code, what it is for, and knows rooms by name', async () => {
    await rest.expect(201, 'POST', '/api/rooms', { name: 'Hall' });
    const { stdout } = await runBeside(server, 'enroll', '--room', 'hall', '--expires', '1h');
    assert.match(stdout, /^█{4} ▄▄▄▄▄ █.*█ ▄▄▄▄▄ █{4}$/m);
    assert.match(stdout, /^for +one device, until 20/m);
    const { enrollments } = await rest.expect<{ enrollments: object[] }>(200, 'GET', '/api/enrollments');
    const { max_uses, created_by, room_id } = enrollments.at(-1) as Record<string, unknown>;
    assert.deepEqual([max_uses, created_by, room_id], [1, 'local operator', 1]);
  });

  await t.test('says what is wrong in one line', async () => {
    const cases: [string[], number, RegExp][] = [
      [['--uses', '0'], 64, /^--uses must be a number from 1/],
      [['--expires', 'soon'], 64, /^--expires must be a duration/],
      [['--room', 'Cellar'], 1, /^there is no room "Cellar"; there is: Hall$/m],
      [
        ['--url', 'http://127.0.0.1:1'],
        1,
        /^no server answers at http:\/\/127\.0\.0\.1:1 .*--url tells another$/m,
      ],
    ];
    for (const [args, expected, message] of cases) {
      const { code, stderr } = await runBeside(server, 'enroll', ...args);
      assert.equal(code, expected, args.join(' '));
      assert.match(stderr, message);
    }
  });
});

void test('npm run certs gives a device its files, readable for their owner alone', async (t) => {
  const { server } = await startServer(t);
  const { code, stdout } = await runBeside(server, 'certs', 'device', 'a:b');
  assert.equal(code, 0);
  const path = (suffix: string) => join(server.dataDir, 'certs', 'devices', `a:b.${suffix}`);
  for (const suffix of ['key', 'crt', 'p12']) {
    assert.equal(statSync(path(suffix)).mode & 0o777, 0o600, suffix);
    assert.ok(stdout.includes(path(suffix)), suffix);
  }
  const certificate = new X509Certificate(readFileSync(path('crt')));
  assert.equal(certificate.subject, 'CN=a:b');
  assert.match(
    (await runBeside(server, 'certs', 'list')).stdout,
    /^device a:b +\d+ days {2}([0-9A-F]{2}:){31}[0-9A-F]{2}$/m,
  );

  await t.test('its PKCS#12 file opens with the password that was shown', { skip: opensslMissing() }, () => {
    const [, password = ''] = /^password +(\S+)/m.exec(stdout) ?? [];
    const text = execFileSync(
      'openssl',
      ['pkcs12', '-in', path('p12'), '-passin', `pass:${password}`, '-nodes'],
      { encoding: 'utf8' },
    );
    assert.match(text, /friendlyName: a:b/);
    assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 2);
    const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(text)?.[0];
    assert.equal(key, readFileSync(path('key'), 'utf8'));
  });
});

/** What a device does that knows the fingerprint of the CA alone. */
async function caInHandshake(port: number, sha256: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate(true).issuerCertificate;
  socket.destroy();
  assert.equal(createHash('sha256').update(raw).digest('hex'), sha256);
  return new X509Certificate(raw).toString();
}
