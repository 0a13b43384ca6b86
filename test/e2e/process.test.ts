import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { registration } from '../helpers/devices.ts';
import { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';

const run = promisify(execFile);

async function mosquittoMissing(): Promise<string | false> {
  if (process.env.CI === 'true') return false;
  return run('mosquitto_pub', ['--version']).then(
    () => false as const,
    (error: { code?: string }) => (error.code === 'ENOENT' ? 'mosquitto-clients is not installed' : false),
  );
}

void test('a bad configuration stops the process with 78 and one line for each bad variable', async (t) => {
  const server = new Server({
    env: {
      MQTT_PORT: '70000',
      OFFLINE_AFTER: 'soon',
      JWT_SECRET: 'short-secret',
      DEVICE_ENROLLMENT: 'maybe',
      HTTP_HOST: '0.0.0.0',
      REDIS_URL: 'http://user:hidden-word@localhost',
    },
  });
  t.after(() => server.dispose());
  const { code, stderr } = await server.runToEnd();
  assert.equal(code, 78);
  const lines = stderr.trim().split('\n');
  const names = lines.map((line) => line.split(':', 1)[0]);
  assert.deepEqual(names.sort(), [
    'DEVICE_ENROLLMENT',
    'HTTP_HOST',
    'JWT_SECRET',
    'MQTT_PORT',
    'OFFLINE_AFTER',
    'REDIS_URL',
  ]);
  assert.match(stderr, /"70000".*0.*65535/);
  assert.match(stderr, /"maybe".*open, token, closed/);
  assert.match(stderr, /ALLOW_PLAINTEXT=true/);
  assert.doesNotMatch(stderr, /short-secret|hidden-word/);
});

void test('a DATA_DIR that no restart can make writable ends with 78', async (t) => {
  for (const folder of ['/dev/null/pm-iot', '/proc/pm-iot/data']) {
    const server = new Server({ env: { DATA_DIR: folder } });
    t.after(() => server.dispose());
    const { code, stderr } = await server.runToEnd();
    assert.equal(code, 78, folder);
    assert.match(stderr, /^DATA_DIR .*name a folder that this user may write\n$/);
  }
});

void test('the process on its own', async (t) => {
  const { server, rest } = await startServer(t);

  await t.test('a second process on the same DATA_DIR refuses to start and names the first', async () => {
    const second = new Server({ env: { DATA_DIR: server.dataDir } });
    const { code, stdout } = await second.runToEnd();
    await second.dispose();
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`in use by process ${server.pid}`));
  });

  await t.test('secrets are readable for the owner alone', () => {
    const mode = (...path: string[]) => statSync(join(server.dataDir, ...path)).mode & 0o777;
    assert.equal(mode(), 0o700);
    assert.equal(mode('certs', 'ca.key'), 0o600);
    assert.equal(mode('certs', 'server.pem'), 0o600);
    assert.equal(mode('jwt.secret'), 0o600);
    assert.equal(mode('db'), 0o700);
  });

  await t.test('TLS 1.3 is spoken, 1.2 is not', async () => {
    const protocol = (port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((resolve, reject) => {
        const socket = connectTls(
          { port, host: '127.0.0.1', servername: 'localhost', ca: server.ca, maxVersion },
          () => {
            resolve(socket.getProtocol());
            socket.destroy();
          },
        );
        socket.on('error', reject);
      });
    for (const port of [server.ports.mqtts, server.ports.https]) {
      assert.equal(await protocol(port, 'TLSv1.3'), 'TLSv1.3');
      await assert.rejects(protocol(port, 'TLSv1.2'));
    }
  });

  await t.test('the password of the admin is in no log line, nor is any token', () => {
    assert.doesNotMatch(server.report(), new RegExp(`a-long-test-password|${rest.token}`));
  });

  await t.test('an app sees 304 while nothing changes in the room', async () => {
    const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Polled' });
    const path = `/api/rooms/${room.id}/widgets`;
    const first = await rest.get(path);
    const etag = first.headers.get('ETag') ?? '';
    assert.match(etag, /^"[\w-]+"$/);
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await rest.get<string>(path, { 'If-None-Match': header });
      assert.deepEqual([again.status, again.body], [304, ''], header);
    }
    assert.equal((await rest.get(path, { 'If-None-Match': '"other"' })).status, 200);
    await rest.expect(200, 'PUT', `/api/rooms/${room.id}`, { name: 'Renamed' });
    assert.equal((await rest.get(path, { 'If-None-Match': etag })).status, 304);
    assert.equal((await rest.get('/api/rooms', { 'If-None-Match': etag })).status, 200);
  });

  await t.test('the contract is told as OpenAPI and as a page', async () => {
    const { paths } = await rest.expect<{ paths: Record<string, object> }>(200, 'GET', '/api/openapi.json');
    for (const path of [
      '/api/auth/login',
      '/api/rooms/{id}/widgets',
      '/api/widgets/{id}/command',
      '/api/devices/{device_id}/pair',
    ]) {
      assert.ok(path in paths, path);
    }
    const page = await rest.get<string>('/api/docs');
    assert.match(page.body, /\/api\/widgets\/\{id\}\/command/);
    for (const path of ['/api/openapi.json', '/api/docs']) {
      const { headers } = await rest.get(path);
      assert.equal(headers.get('Content-Encoding'), 'gzip', path);
      const again = await rest.get(path, { 'If-None-Match': headers.get('ETag') ?? '' });
      assert.equal(again.status, 304, path);
    }
  });
});

void test('mosquitto’s clients over TLS', { skip: await mosquittoMissing() }, async (t) => {
  const { server, rest } = await startServer(t, { DEVICE_ENROLLMENT: 'open' });
  const common = [
    '-h',
    'localhost',
    '-p',
    String(server.ports.mqtts),
    '--cafile',
    server.caPath,
    '-V',
    'mqttv311',
    '-q',
    '1',
  ];
  const publish = (topic: string, payload: object) =>
    run('mosquitto_pub', [...common, '-i', 'lamp', '-t', topic, '-m', JSON.stringify(payload)], {
      timeout: 30_000,
    });

  await t.test('register, report, read back', async () => {
    await publish('devices/register', registration('lamp'));
    await publish('devices/lamp/sensor', {
      capability_type: 'temperature',
      control_type: 'sensor',
      value: 21.5,
    });
    assert.equal((await rest.widget('lamp', 'temperature')).value, 21.5);
  });

  await t.test('mosquitto_sub hears a retained message that it missed', async () => {
    const admin = [...common, '-u', 'admin', '-P', 'a-long-test-password'];
    await run('mosquitto_pub', [...admin, '-r', '-t', 'home/note', '-m', 'kept'], { timeout: 30_000 });
    const { stdout } = await run('mosquitto_sub', [...admin, '-C', '1', '-W', '5', '-t', 'home/+'], {
      timeout: 30_000,
    });
    assert.equal(stdout.trim(), 'kept');
  });

  await t.test('a CA that is not ours is not trusted', async () => {
    const other = new Server();
    t.after(() => other.dispose());
    mkdirSync(join(other.dataDir, 'certs'));
    writeFileSync(join(other.dataDir, 'certs', 'ca.crt'), '');
    const args = common.map((argument) => (argument === server.caPath ? other.caPath : argument));
    await assert.rejects(
      run('mosquitto_pub', [...args, '-i', 'x', '-t', 'devices/register', '-m', '{}'], { timeout: 30_000 }),
    );
  });
});
