import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { generate } from 'mqtt-packet';
import { Rest } from '../helpers/rest.ts';
import { ADMIN, Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

const mustChange = async (rest: Rest) => {
  const me = await rest.expect<{ user: { must_change_password: boolean } }>(200, 'GET', '/api/auth/me');
  return me.user.must_change_password;
};

void test('the first start', async (t) => {
  const server = new Server({ fresh: true, env: { ADMIN_PASSWORD: '' } });
  t.after(() => server.dispose());
  await server.start();
  const shown = () => [...server.errors.matchAll(/Log in as admin with the password: (\S+)/g)];

  await t.test('makes a password, shows it once beside the log, and it opens', async () => {
    await until('it is shown', () => shown().length > 0);
    const password = shown()[0]?.[1] ?? '';
    assert.ok(password.length >= 16);
    assert.doesNotMatch(JSON.stringify(server.lines), new RegExp(password));
    const rest = await new Rest(server).logIn({ username: 'admin', password });
    assert.equal(await mustChange(rest), true);
    assert.equal(await server.stop('SIGINT'), 0);
    await server.start();
    await new Rest(server).logIn({ username: 'admin', password });
    assert.equal(shown().length, 1);
  });

  await t.test('the password that was shown must be changed, until the person has chosen one', async () => {
    const login = { username: 'admin', password: shown()[0]?.[1] ?? '' };
    const rest = await new Rest(server).logIn(login);
    const chosen = 'words that belong to me';
    const change = { current_password: login.password, new_password: chosen };
    await rest.expect(204, 'PUT', '/api/auth/password', change);
    assert.equal(await mustChange(rest), false);
    await server.stop();
    await server.start();
    assert.equal(await mustChange(await new Rest(server).logIn({ ...login, password: chosen })), false);
  });

  await t.test('the CA stays the same from start to start, and its fingerprint is told', async () => {
    const { ca } = server;
    await server.stop();
    await server.start();
    assert.equal(server.ca, ca);
    assert.ok(server.lines.some(({ sha256 }) => /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/i.test(String(sha256))));
  });
});

void test('a first start that fails leaves no account whose password nobody knows', async (t) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const server = new Server({ env: { ADMIN_PASSWORD: '', MQTT_PORT: String(port) } });
  t.after(() => server.dispose());
  assert.equal((await server.runToEnd()).code, 1);
  await server.restartWith({ MQTT_PORT: '0' });
  const [, password = ''] = /Log in as admin with the password: (\S+)/.exec(server.errors) ?? [];
  await new Rest(server).logIn({ username: 'admin', password });
});

void test('listeners can be left out, and TLS 1.2 be asked for', async (t) => {
  const { server, rest } = await startServer(t, {
    MQTT_PORT: 'off',
    HTTPS_PORT: 'off',
    TLS_MIN_VERSION: 'TLSv1.2',
  });
  assert.deepEqual(Object.keys(server.ports).sort(), ['http', 'mqtts']);
  const socket = connectTls({
    port: server.ports.mqtts,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: server.ca,
    maxVersion: 'TLSv1.2',
  });
  t.after(() => socket.destroy());
  const wire = new Wire(socket);
  assert.equal((await wire.connect({ clientId: 'old', ...ADMIN })).returnCode, 0);
  assert.equal(socket.getProtocol(), 'TLSv1.2');
  assert.equal((await rest.get('/api/rooms')).status, 200);
});

void test('MQTT 3.1 is spoken too; a later version is told that it is not', async (t) => {
  const { server } = await startServer(t);
  const hello = { cmd: 'connect', clientId: 'old', clean: true, keepalive: 60 } as const;
  const login = { username: ADMIN.username, password: Buffer.from(ADMIN.password) };

  const old = await Wire.tcp(server.ports.mqtt);
  t.after(() => old.drop());
  const answer = old.packet(({ cmd }) => cmd === 'connack');
  old.sendRaw(generate({ ...hello, ...login, protocolId: 'MQIsdp', protocolVersion: 3 }));
  assert.deepEqual(await answer.then((packet) => packet.cmd === 'connack' && packet.returnCode), 0);
  await old.publish('home/old', 'hello');

  const later = await Wire.tcp(server.ports.mqtt);
  const refusal = later.packet(({ cmd }) => cmd === 'connack');
  later.sendRaw(generate({ ...hello, ...login, protocolId: 'MQTT', protocolVersion: 5 }));
  const packet = await refusal;
  assert.deepEqual(packet.cmd === 'connack' && packet.returnCode, 1);
  await later.closed;
});
