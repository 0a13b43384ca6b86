import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { startServer } from '../helpers/setup.ts';

const APP = 'https://app.example.org';

interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
}

function assertSecured({ status, headers }: Answered, what: string): void {
  const told = (name: string) => String(headers[name]);
  const where = `${what}: ${status}`;
  assert.equal(told('x-content-type-options'), 'nosniff', where);
  assert.equal(told('x-frame-options'), 'DENY', where);
  assert.equal(told('referrer-policy'), 'no-referrer', where);
  assert.equal(told('cross-origin-opener-policy'), 'same-origin', where);
  assert.equal(told('cross-origin-resource-policy'), 'same-origin', where);
  assert.match(told('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/, where);
  assert.doesNotMatch(told('content-security-policy'), /unsafe/, where);
  assert.match(told('cache-control'), /no-store|no-cache/, where);
  assert.equal(headers['access-control-allow-origin'], undefined, where);
}

void test('what every answer says to a browser', async (t) => {
  const { server, rest } = await startServer(t);
  const json = { 'Content-Type': 'application/json' };
  const guess = { username: 'guessed', password: 'a wrong password' };
  const seen = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await rest.call(method, path, body, headers);
    assertSecured(
      { status: answer.status, headers: Object.fromEntries(answer.headers) },
      `${method} ${path}`,
    );
    return answer;
  };

  await t.test('of each kind', async () => {
    const { headers } = await seen('GET', '/api/rooms');
    const etag = { 'If-None-Match': headers.get('ETag') ?? '' };
    const kinds: [status: number, ...Parameters<typeof seen>][] = [
      [200, 'GET', '/api/health'],
      [200, 'GET', '/api/metrics'],
      [200, 'GET', '/api/system'],
      [200, 'GET', '/api/openapi.json'],
      [200, 'GET', '/api/ca.crt'],
      [200, 'HEAD', '/api/rooms'],
      [304, 'GET', '/api/rooms', undefined, etag],
      [201, 'POST', '/api/rooms', { name: 'Hall' }],
      [204, 'DELETE', '/api/rooms/1'],
      [400, 'POST', '/api/rooms', '{', json],
      [401, 'OPTIONS', '/api/rooms', undefined, { Authorization: '' }],
      [405, 'OPTIONS', '/'],
      [200, 'GET', '/'],
      [200, 'HEAD', '/'],
      [404, 'GET', '/nope'],
      [404, 'POST', '/nope', {}],
      [404, 'GET', '/mqtt'],
      [404, 'GET', '/api/nothing'],
      [405, 'DELETE', '/api/rooms'],
      [409, 'DELETE', '/api/users/1'],
      [413, 'POST', '/api/rooms', { name: 'x'.repeat(70_000) }],
      [415, 'POST', '/api/rooms', 'name=x', { 'Content-Type': 'text/plain' }],
      [415, 'POST', '/api/rooms', '{}', { 'Content-Type': 'application/json;=' }],
    ];
    for (const [status, ...call] of kinds)
      assert.equal((await seen(...call)).status, status, call.slice(0, 2).join(' '));
    for (let i = 0; i < 10; i++) await rest.call('POST', '/api/auth/login', guess);
    assert.equal((await seen('POST', '/api/auth/login', guess)).status, 429);
  });

  await t.test('over TLS too', async () => {
    for (const path of ['/', '/nope', '/mqtt', '/api/rooms', '/api/health']) {
      const request = get({ host: 'localhost', port: server.ports.https, path, ca: server.ca });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.resume();
      assertSecured({ status: response.statusCode ?? 0, headers: response.headers }, path);
    }
  });

  await t.test('HEAD says what GET says, and 304 what 200 says of the policy', async () => {
    const about = ({ headers }: { headers: Headers }) =>
      Object.fromEntries(
        [...headers].filter(([name]) => !/^(date|connection|keep-alive|traceresponse)$/.test(name)),
      );
    for (const path of ['/api/docs', '/api/openapi.json', '/api/ca.crt', '/api/rooms', '/api/auth/me']) {
      const whole = await rest.get(path);
      const etag = whole.headers.get('ETag') ?? '';
      assert.match(etag, /^"[^"]+"$/, path);
      assert.deepEqual(about(await rest.call('HEAD', path)), about(whole), path);
      for (const method of ['GET', 'HEAD']) {
        const known = await rest.call(method, path, undefined, { 'If-None-Match': `"other", ${etag}` });
        assert.equal(known.status, 304, path);
        for (const name of ['ETag', 'Cache-Control', 'Content-Security-Policy', 'Vary'])
          assert.equal(known.headers.get(name), whole.headers.get(name), `${path}: ${name}`);
      }
    }
    assert.match(
      (await rest.get('/api/docs')).headers.get('Content-Security-Policy') ?? '',
      /style-src 'sha256-/,
    );
  });
});

/** What the server says to these bytes until it closes the connection. */
async function saidTo(socket: Socket, ...sent: string[]): Promise<string> {
  socket.on('error', () => {});
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  for (const part of sent) socket.write(part);
  await once(socket, 'close');
  return text;
}

/** The last answer of what was said. */
function answerIn(text: string): Answered & { body: { error: string; code: string; details: unknown[] } } {
  const [head = '', body = ''] = text.slice(text.lastIndexOf('HTTP/1.1 ')).split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1]), headers, body: JSON.parse(body) };
}

void test('what is no request of HTTP is answered as other errors are', async (t) => {
  const { server } = await startServer(t);
  const doors = {
    http: () => connect(server.ports.http, '127.0.0.1'),
    https: () => connectTls({ port: server.ports.https, host: 'localhost', ca: server.ca }),
  };
  const cases: [what: string, sent: string, status: number, code: string][] = [
    ['no HTTP', 'hello\r\n\r\n', 400, 'INVALID'],
    ['a bad header', 'GET / HTTP/1.1\r\nHost: box\r\nno colon\r\n\r\n', 400, 'INVALID'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'INVALID'],
    ['a bad Host', 'GET / HTTP/1.1\r\nHost: a b<c>\r\n\r\n', 400, 'INVALID'],
    ['a bad target', 'GET /a\\b HTTP/1.1\r\nHost: box\r\n\r\n', 400, 'INVALID'],
    [
      'a bad chunk',
      'POST /api/auth/login HTTP/1.1\r\nHost: box\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
      'INVALID',
    ],
    [
      'an unknown expectation',
      'GET / HTTP/1.1\r\nHost: box\r\nExpect: miracles\r\n\r\n',
      417,
      'EXPECTATION_FAILED',
    ],
    [
      'headers that are too long',
      `GET / HTTP/1.1\r\nHost: box\r\nX-Long: ${'y'.repeat(17_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    ['a request that never ends', 'GET / HTTP/1.1\r\nHost: box\r\nX-Slow: ', 408, 'REQUEST_TIMEOUT'],
  ];
  for (const [door, open] of Object.entries(doors)) {
    await Promise.all(
      cases.map(([what, sent, status, code]) =>
        t.test(`${what} over ${door}: ${status}`, async () => {
          const socket = open();
          t.after(() => socket.destroy());
          const answer = answerIn(await saidTo(socket, sent));
          assert.equal(answer.status, status);
          assert.equal(answer.body.code, code);
          assert.ok(answer.body.error.length > 0 && Array.isArray(answer.body.details));
          assert.equal(answer.headers.connection, 'close');
          assertSecured(answer, what);
        }),
      ),
    );
  }

  await t.test('what speaks no TLS to the TLS port is cut, and the server goes on', async () => {
    const socket = connect(server.ports.https, '127.0.0.1');
    t.after(() => socket.destroy());
    assert.doesNotMatch(await saidTo(socket, 'GET / HTTP/1.1\r\nHost: box\r\n\r\n'), /HTTP/);
    assert.equal((await fetch(`http://127.0.0.1:${server.ports.http}/api/health`)).status, 200);
  });
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
