import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { startServer } from '../helpers/setup.ts';

const APP = 'https://app.example.org';

void test('what every answer says to a browser', async (t) => {
  const { rest } = await startServer(t);
  for (const path of [
    '/api/rooms',
    '/api/health',
    '/api/docs',
    '/api/nothing',
    '/api/openapi.json',
    '/api/ca.crt',
  ]) {
    const { headers } = await rest.get(path);
    assert.equal(headers.get('X-Content-Type-Options'), 'nosniff', path);
    assert.equal(headers.get('X-Frame-Options'), 'DENY', path);
    assert.equal(headers.get('Referrer-Policy'), 'no-referrer', path);
    assert.equal(headers.get('Cross-Origin-Resource-Policy'), 'same-origin', path);
    const policy = headers.get('Content-Security-Policy') ?? '';
    assert.match(policy, /default-src 'none'/, path);
    assert.match(policy, /frame-ancestors 'none'/, path);
    assert.doesNotMatch(policy, /unsafe/, path);
    assert.equal(headers.get('Access-Control-Allow-Origin'), null, path);
  }
});

void test('pages of other sites', async (t) => {
  const closed = await startServer(t);
  const open = await startServer(t, { CORS_ORIGINS: `${APP}, https://other.example.org` });
  const preflight = (rest: typeof open.rest, origin: string) =>
    rest.call('OPTIONS', '/api/rooms', undefined, {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type',
    });
  const socket = async (port: number, origin?: string) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, 'mqtt', origin === undefined ? {} : { origin });
    t.after(() => ws.terminate());
    const [outcome] = await Promise.race([
      once(ws, 'open').then(() => ['open']),
      once(ws, 'unexpected-response').then(([, response]) => [
        (response as { statusCode: number }).statusCode,
      ]),
    ]);
    return outcome;
  };

  await t.test('may not call unless they are named', async () => {
    assert.equal((await preflight(closed.rest, APP)).headers.get('Access-Control-Allow-Origin'), null);
    assert.equal(
      (await preflight(open.rest, 'https://evil.example.org')).headers.get('Access-Control-Allow-Origin'),
      null,
    );
    const { headers } = await closed.rest.get('/api/rooms', { Origin: APP });
    assert.equal(headers.get('Access-Control-Allow-Origin'), null);
  });

  await t.test('may call with a token when CORS_ORIGINS names them, errors included', async () => {
    const { status, headers } = await preflight(open.rest, APP);
    assert.equal(status, 204);
    assert.equal(headers.get('Access-Control-Allow-Origin'), APP);
    assert.match(headers.get('Access-Control-Allow-Headers') ?? '', /Authorization/);
    assert.equal(headers.get('Access-Control-Allow-Credentials'), null);
    for (const path of ['/api/rooms', '/api/rooms/999/widgets']) {
      const answer = await open.rest.get(path, { Origin: APP });
      assert.equal(answer.headers.get('Access-Control-Allow-Origin'), APP, path);
      assert.match(answer.headers.get('Vary') ?? '', /Origin/, path);
    }
  });

  await t.test('may not open a WebSocket either; what is no browser may', async () => {
    const { http } = closed.server.ports;
    assert.equal(await socket(http, APP), 403);
    assert.equal(await socket(http, 'null'), 403);
    assert.equal(await socket(http, `http://127.0.0.1:${http}`), 'open');
    assert.equal(await socket(http), 'open');
    assert.equal(await socket(open.server.ports.http, APP), 'open');
  });
});

void test('a request that never ends is ended', async (t) => {
  const { server } = await startServer(t);
  const socket = connect(server.ports.http, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('GET /api/health HTTP/1.1\r\nHost: box\r\nX-Slow: ');
  socket.resume();
  await once(socket, 'close');
});
