import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connectAsync } from 'mqtt';
import { generate } from 'mqtt-packet';
import { proxyV1, proxyV2 } from '../helpers/proxy-header.ts';
import { PROXY, startRelay } from '../helpers/relay.ts';
import type { Rest } from '../helpers/rest.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer as start } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

const TRUSTED = { TRUSTED_PROXIES: '127.0.0.2, 127.0.0.3/32, fd00::/8' };
const startServer = (t: TestContext, env: Record<string, string> = {}) => start(t, { ...TRUSTED, ...env });

interface Asked {
  port: number;
  localAddress?: string;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: object;
  /** https. */
  ca?: string;
}

async function ask({ ca, body, headers, ...to }: Asked): Promise<number | undefined> {
  const options = {
    ...{ host: '127.0.0.1', agent: false, ...to },
    headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
  };
  const sent = ca === undefined ? request(options) : requestTls({ ...options, ca, servername: 'localhost' });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

const logIn = (username: string, to: Asked, password = 'a guess') =>
  ask({ method: 'POST', path: '/api/auth/login', ...to, body: { username, password } });

/** From where a log-in of that name came, as the events tell it. */
const seenAt = (rest: Rest, actor: string, kind?: string) =>
  until(`an event tells of ${actor}`, async () => {
    const { body } = await rest.get<{
      events: { kind: string; actor: string; detail: { address?: string } }[];
    }>('/api/events');
    return body.events.find((event) => event.actor === actor && event.kind === (kind ?? event.kind))?.detail
      .address;
  });

async function open(port: number, localAddress: string, bytes: Buffer | string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** All that came before the end. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  // A reset is an end, too.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

const hello = (clientId: string) =>
  generate({
    ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 60 },
    ...{ username: clientId, password: Buffer.from('a guess') },
  });

const HEADERS: [name: string, of: (address: string) => Buffer][] = [
  ['v1', proxyV1],
  ['v2', (address) => proxyV2({ address, rest: Buffer.alloc(300, 1) })],
];

for (const [version, headerOf] of HEADERS) {
  void test(`PROXY ${version}: what follows is read on all four listeners, and the client is whom it names`, async (t) => {
    const { server, rest } = await startServer(t);
    const { http, https, mqtt, mqtts } = server.ports;
    const relay = (port: number, address: string) => startRelay(t, port, headerOf(address));

    await logIn('plain', { port: await relay(http, '192.0.2.1') });
    await logIn('secure', { port: await relay(https, '2001:db8::2'), ca: server.ca });
    assert.equal(await seenAt(rest, 'plain'), '192.0.2.1');
    assert.equal(await seenAt(rest, 'secure'), '2001:db8::2');

    const bad = { password: 'a guess of somebody' };
    const one = await Wire.tcp(await relay(mqtt, '::ffff:192.0.2.3'));
    assert.equal((await one.connect({ clientId: 'tcp', username: 'tcp', ...bad })).returnCode, 4);
    const two = await Wire.tls(await relay(mqtts, '192.0.2.4'), server.ca);
    assert.equal((await two.connect({ clientId: 'tls', username: 'tls', ...bad })).returnCode, 4);
    assert.equal(await seenAt(rest, 'tcp'), '192.0.2.3');
    assert.equal(await seenAt(rest, 'tls'), '192.0.2.4');

    const url = `wss://localhost:${await relay(https, '192.0.2.5')}/mqtt`;
    const login = { username: ADMIN.username, password: ADMIN.password, protocolVersion: 4 } as const;
    const socket = await connectAsync(url, { ...login, ca: server.ca });
    await socket.endAsync();
    assert.equal(await seenAt(rest, ADMIN.username, 'mqtt_login'), '192.0.2.5');
  });
}

void test('a trusted proxy without a header is taken as it is, and so is its health check', async (t) => {
  const { server, rest } = await startServer(t);
  const { mqtt, http } = server.ports;
  await logIn('none', { port: http, localAddress: PROXY });
  await logIn('check', { port: await startRelay(t, http, proxyV2({ command: 0, family: 0 })) });
  await logIn('unknown', { port: await startRelay(t, http, Buffer.from('PROXY UNKNOWN\r\n')) });
  await logIn('unix', {
    port: await startRelay(t, http, proxyV2({ family: 0x31, rest: Buffer.alloc(216) })),
  });
  for (const name of ['none', 'check', 'unknown', 'unix'])
    assert.equal(await seenAt(rest, name), PROXY, name);
  const socket = await open(mqtt, PROXY, hello('device'));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.deepEqual([...answer], [0x20, 2, 0, 4]);
  await seenAt(rest, 'device');
});

void test('X-Forwarded-For of a trusted proxy: the last address that is not trusted', async (t) => {
  const { server, rest } = await startServer(t);
  const { http, https } = server.ports;
  const forwarded = (value: string) => ({ headers: { 'X-Forwarded-For': value }, localAddress: PROXY });
  const chains: Record<string, [header: string, address: string]> = {
    one: ['192.0.2.1', '192.0.2.1'],
    spoofed: ['127.0.0.1, 203.0.113.9, 192.0.2.2', '192.0.2.2'],
    chain: ['203.0.113.9, 192.0.2.3, 127.0.0.3', '192.0.2.3'],
    mapped: ['::FFFF:192.0.2.4', '192.0.2.4'],
    port: ['192.0.2.5:4711', '192.0.2.5'],
    six: ['[2001:DB8:0::6]:4711', '2001:db8::6'],
    all: ['127.0.0.3, 127.0.0.2', '127.0.0.3'],
    nonsense: ['192.0.2.7, unknown', PROXY],
    empty: ['', PROXY],
    script: ['192.0.2.8, <script>, 127.0.0.3', '127.0.0.3'],
  };
  for (const [name, [header]] of Object.entries(chains))
    await logIn(name, { port: http, ...forwarded(header) });
  for (const [name, [, address]] of Object.entries(chains))
    assert.equal(await seenAt(rest, name), address, name);
  await logIn('tls', { port: https, ca: server.ca, ...forwarded('192.0.2.9') });
  assert.equal(await seenAt(rest, 'tls'), '192.0.2.9');

  await t.test('a guesser locks out no other client of the proxy', async () => {
    const from = (address: string) => ({ port: http, ...forwarded(address) });
    for (let i = 0; i < 10; i++) assert.equal(await logIn(ADMIN.username, from('192.0.2.50')), 401);
    assert.equal(await logIn(ADMIN.username, from('192.0.2.50'), ADMIN.password), 429);
    assert.equal(await logIn(ADMIN.username, from(`203.0.113.${5}, 192.0.2.50`), ADMIN.password), 429);
    assert.equal(await logIn(ADMIN.username, from('192.0.2.51'), ADMIN.password), 200);
  });

  await t.test('of MQTT over WebSocket as well', async () => {
    const options = {
      username: 'nobody',
      password: 'a guess',
      reconnectPeriod: 0,
      protocolVersion: 4,
    } as const;
    const url = `ws://127.0.0.1:${await startRelay(t, http, Buffer.alloc(0))}/mqtt`;
    const wsOptions = { headers: { 'X-Forwarded-For': '192.0.2.60' } };
    await assert.rejects(connectAsync(url, { ...options, wsOptions }, false));
    assert.equal(await seenAt(rest, 'nobody'), '192.0.2.60');
  });
});

void test('what a stranger says of addresses is not believed', async (t) => {
  const { server, rest } = await startServer(t);
  const { http, https, mqtt, mqtts } = server.ports;
  await logIn('header', { port: http, headers: { 'X-Forwarded-For': '192.0.2.1' } });
  assert.equal(await seenAt(rest, 'header'), '127.0.0.1');
  for (const port of [http, https, mqtt, mqtts]) {
    for (const header of [proxyV1('192.0.2.1'), proxyV2({ address: '192.0.2.1' })]) {
      const request =
        port === mqtt ? hello('stranger') : Buffer.from('GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n');
      const socket = await open(port, '127.0.0.1', Buffer.concat([header, request]));
      assert.doesNotMatch(await untilClosed(socket), / 200 /);
    }
  }
  // A client of a trusted proxy is a stranger too: its own header is none of the proxy's.
  await logIn('behind', {
    port: await startRelay(t, http, proxyV1('192.0.2.7')),
    headers: { 'X-Forwarded-For': '192.0.2.1' },
  });
  assert.equal(await seenAt(rest, 'behind'), '192.0.2.7');
});

void test('metrics are told without a token to this machine alone, never through a proxy', async (t) => {
  const { server } = await startServer(t);
  const { http } = server.ports;
  const metrics = (to: Partial<Asked>) => ask({ port: http, path: '/api/metrics', ...to });
  assert.equal(await metrics({}), 200);
  assert.equal(await metrics({ localAddress: PROXY }), 401);
  assert.equal(await metrics({ localAddress: PROXY, headers: { 'X-Forwarded-For': '127.0.0.1' } }), 401);
  assert.equal(await metrics({ headers: { 'X-Forwarded-For': '127.0.0.1' } }), 401);
  for (const header of [
    proxyV1('127.0.0.1'),
    proxyV2({ address: '::1' }),
    proxyV2({ command: 0, family: 0 }),
  ]) {
    assert.equal(await metrics({ port: await startRelay(t, http, header) }), 401);
  }
});

void test('a header that is malformed, too long or late ends its connection, and nothing else', async (t) => {
  const { server, rest } = await startServer(t);
  const { http, https, mqtt, mqtts } = server.ports;
  const huge = proxyV2({ address: '192.0.2.1' });
  huge.writeUInt16BE(65_535, 14);
  const bad = [
    'PROXY TCP4 nonsense\r\n',
    `PROXY TCP4 ${'1'.repeat(100_000)}`,
    huge,
    proxyV2({ family: 0x12, rest: Buffer.alloc(12) }),
    proxyV2({ version: 3, address: '192.0.2.1' }),
  ];
  for (const port of [http, https, mqtt, mqtts]) {
    for (const bytes of bad) assert.equal(await untilClosed(await open(port, PROXY, bytes)), '');
  }
  const began = performance.now();
  const whole = proxyV2({ address: '192.0.2.1', rest: Buffer.alloc(1000) });
  const late = await Promise.all(
    [http, mqtts].flatMap((port) => [
      open(port, PROXY, 'PROXY TCP4 '),
      open(port, PROXY, whole.subarray(0, 12)),
    ]),
  );
  const silent = await open(mqtt, PROXY, '');
  let dripped = 12;
  const drip = setInterval(() => {
    for (const socket of late)
      if (!socket.destroyed) socket.write(dripped < 14 ? whole.subarray(dripped, dripped + 1) : '1');
    dripped++;
  }, 400);
  await Promise.all([...late, silent].map(untilClosed));
  clearInterval(drip);
  assert.ok(performance.now() - began < 13_000, 'a trickle does not keep it open');
  const half = await open(mqtt, PROXY, 'PROXY TCP4 1');
  half.end();
  await untilClosed(half);
  await until('all of them are counted out', async () => {
    const { body } = await rest.get<string>('/api/metrics');
    return /^pm_iot_connections [0-3]$/m.test(body) && /^pm_iot_connections_half_open 0$/m.test(body);
  });
});

void test('connections count for the client whom the proxy names', async (t) => {
  const { server, rest } = await startServer(t, { MAX_CONNECTIONS_PER_ADDRESS: '3' });
  const { mqtt, http } = server.ports;
  const login = { username: ADMIN.username, password: ADMIN.password };
  const person = async (port: number, name: string) => {
    const wire = await Wire.tcp(port);
    return wire.connect({ clientId: name, ...login }).then(
      ({ returnCode }) => returnCode,
      () => 'closed',
    );
  };
  const one = await startRelay(t, mqtt, proxyV1('192.0.2.1'));
  const other = await startRelay(t, mqtt, proxyV1('192.0.2.2'));
  const bare = await startRelay(t, mqtt, Buffer.alloc(0));
  for (let i = 0; i < 3; i++) assert.equal(await person(one, `one-${i}`), 0);
  assert.equal(await person(one, 'one-3'), 'closed');
  assert.equal(await person(other, 'other'), 0);
  for (let i = 0; i < 5; i++) assert.equal(await person(bare, `bare-${i}`), 0);

  const url = `ws://127.0.0.1:${await startRelay(t, http, Buffer.alloc(0))}/mqtt`;
  const overWebSocket = async (address: string) => {
    const wsOptions = { headers: { 'X-Forwarded-For': address } };
    const options = {
      ...login,
      wsOptions,
      reconnectPeriod: 0,
      protocolVersion: 4,
      connectTimeout: 5000,
    } as const;
    const client = await connectAsync(url, options, false).catch(() => null);
    if (client !== null) t.after(() => client.end(true));
    return client !== null;
  };
  assert.equal(await overWebSocket('192.0.2.1'), false);
  for (let i = 0; i < 2; i++) assert.equal(await overWebSocket('192.0.2.2'), true);
  assert.equal(await overWebSocket('192.0.2.2'), false);
  const { body } = await rest.get<string>('/api/metrics');
  assert.match(body, /limits_reached_total\{limit="connections_per_address"\} 3\n/);
});
