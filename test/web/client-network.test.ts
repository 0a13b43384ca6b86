import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ApiError, type ClientOptions, createClient, UnreachableError } from '../../web/client/index.ts';
import { freePort } from '../helpers/free-port.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const ROOMS = JSON.stringify({ rooms: [], next_cursor: null });

/** A client of something that is not our server. */
async function clientOf(t: TestContext, answer: RequestListener, options: ClientOptions = {}) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return createClient({ baseUrl: `http://127.0.0.1:${port}`, ...options });
}

const fixed =
  (status: number, headers: Record<string, string>, body = ''): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

async function rejection<E extends Error>(
  call: Promise<unknown>,
  kind: abstract new (...of: never[]) => E,
): Promise<E> {
  const error = await call.then(
    () => assert.fail('answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof kind, String(error));
  return error;
}

void test('nobody at the address: unreachable', async () => {
  const client = createClient({ baseUrl: `http://127.0.0.1:${await freePort()}` });
  const { reason, cause } = await rejection(client.call('GET /api/rooms'), UnreachableError);
  assert.equal(reason, 'network');
  assert.ok(cause instanceof Error);
});

void test('an answer that breaks off: unreachable', async (t) => {
  const client = await clientOf(t, (_, response) => {
    response.writeHead(200, { ...JSON_TYPE, 'Content-Length': '1000' }).write('{"rooms":');
    setImmediate(() => response.destroy());
  });
  const { reason } = await rejection(client.call('GET /api/rooms'), UnreachableError);
  assert.equal(reason, 'network');
});

void test('no answer in time: unreachable, also when only its end is missing', async (t) => {
  const silent = await clientOf(t, () => {}, { timeoutMs: 50 });
  assert.equal((await rejection(silent.call('GET /api/rooms'), UnreachableError)).reason, 'timeout');
  const begun = await clientOf(t, (_, response) => response.writeHead(200, JSON_TYPE).write('{'));
  const call = begun.call('GET /api/rooms', { timeoutMs: 50 });
  assert.equal((await rejection(call, UnreachableError)).reason, 'timeout');
});

void test("the caller's own end comes back as it is", async (t) => {
  const requests = new EventEmitter();
  const client = await clientOf(t, () => requests.emit('request'));
  const reason = new Error('the person went elsewhere');
  const before = AbortSignal.abort(reason);
  await assert.rejects(client.call('GET /api/rooms', { signal: before }), (error) => error === reason);
  const during = new AbortController();
  const arrived = once(requests, 'request');
  const call = client.poll('GET /api/rooms', { signal: during.signal });
  call.catch(() => {});
  await arrived;
  during.abort(reason);
  await assert.rejects(call, (error) => error === reason);
});

void test('a stream is longer than the time-out, and ends with its signal', async (t) => {
  const client = await clientOf(
    t,
    (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/csv' }).flushHeaders();
      setTimeout(() => response.write('at\r\n'), 150);
    },
    { timeoutMs: 50 },
  );
  const ending = new AbortController();
  const { body } = await client.stream('GET /api/rooms/{id}/readings', {
    params: { id: 1 },
    signal: ending.signal,
  });
  const reader = body?.getReader();
  assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'at\r\n');
  const reason = new Error('enough');
  ending.abort(reason);
  await assert.rejects(
    async () => reader?.read(),
    (error) => error === reason,
  );
});

void test('what a proxy answers for the server: unreachable', async (t) => {
  for (const status of [502, 503, 504]) {
    const client = await clientOf(t, fixed(status, { 'Content-Type': 'text/html' }, '<h1>Bad</h1>'));
    const { reason } = await rejection(client.call('GET /api/rooms'), UnreachableError);
    assert.equal(reason, 'proxy', String(status));
  }
  const other = await clientOf(t, fixed(502, JSON_TYPE, '{"message":"no upstream"}'));
  await rejection(other.call('GET /api/rooms'), UnreachableError);
});

void test('the same statuses from the server itself are its own errors', async (t) => {
  const body = JSON.stringify({ error: 'the device did not answer', code: 'PAIR_TIMEOUT', details: [] });
  const pairing = await clientOf(t, fixed(504, JSON_TYPE, body));
  const pair = { params: { device_id: 'lamp' }, body: { room_id: 1, device_key: 'k' } };
  const timeout = await rejection(pairing.call('POST /api/devices/{device_id}/pair', pair), ApiError);
  assert.deepEqual([timeout.status, timeout.code], [504, 'PAIR_TIMEOUT']);

  const health = { status: 'down', flows: [] };
  const ill = await clientOf(t, fixed(503, JSON_TYPE, JSON.stringify(health)));
  const down = await rejection(ill.call('GET /api/health'), ApiError);
  assert.deepEqual([down.status, down.code, down.body], [503, 'UNEXPECTED', health]);
});

void test('what no server of ours would say is unexpected', async (t) => {
  const answers: [number, Record<string, string>, string][] = [
    [500, { 'Content-Type': 'text/plain' }, 'oh'],
    [200, { 'Content-Type': 'text/html' }, '<p>Log in to the WLAN</p>'],
    [200, JSON_TYPE, '{"rooms":'],
    [200, {}, ''],
    [304, {}, ''],
  ];
  for (const [status, headers, body] of answers) {
    const client = await clientOf(t, fixed(status, headers, body));
    const error = await rejection(client.poll('GET /api/rooms'), ApiError);
    assert.deepEqual([error.status, error.code, error.body], [status, 'UNEXPECTED', body]);
  }
});

void test('Retry-After is told in milliseconds, of seconds or of a date by the clock of the server', async (t) => {
  const now = 'Thu, 15 Jan 2026 10:30:00 GMT';
  const cases: [string, number | null][] = [
    ['7', 7000],
    ['Thu, 15 Jan 2026 10:30:20 GMT', 20_000],
    ['Thu, 15 Jan 2026 10:00:00 GMT', 0],
    ['soon', null],
  ];
  for (const [text, expected] of cases) {
    const client = await clientOf(t, fixed(429, { Date: now, 'Retry-After': text }));
    const { retryAfterMs } = await rejection(client.call('GET /api/rooms'), ApiError);
    assert.equal(retryAfterMs, expected, text);
  }
});

void test('two polls on their way at once give one object', async (t) => {
  const client = await clientOf(t, fixed(200, { ...JSON_TYPE, ETag: '"1"' }, ROOMS));
  const [a, b] = await Promise.all([client.poll('GET /api/rooms'), client.poll('GET /api/rooms')]);
  assert.equal(a.value, b.value);
});

void test('without an ETag every poll is news', async (t) => {
  const client = await clientOf(t, fixed(200, JSON_TYPE, ROOMS));
  for (let count = 0; count < 2; count += 1) assert.ok((await client.poll('GET /api/rooms')).changed);
});

void test('an answer for a token that was replaced meanwhile is not kept', async (t) => {
  let token = 'first';
  let answerFirst = () => {};
  const requests = new EventEmitter();
  const asked: (string | undefined)[] = [];
  const client = await clientOf(
    t,
    ({ headers }, response) => {
      asked.push(headers['if-none-match']);
      const answer = () => response.writeHead(200, { ...JSON_TYPE, ETag: `"${asked.length}"` }).end(ROOMS);
      if (asked.length > 1) answer();
      else answerFirst = answer;
      requests.emit('request');
    },
    { token: () => token },
  );
  const arrived = once(requests, 'request');
  const first = client.poll('GET /api/rooms');
  await arrived;
  token = 'second';
  await client.poll('GET /api/rooms');
  asked.push('the first is answered');
  answerFirst();
  await first;
  await client.poll('GET /api/rooms');
  assert.deepEqual(asked, [undefined, undefined, 'the first is answered', '"2"']);
});

void test('of the answers that were polled the 200 latest are remembered', async (t) => {
  const asked = new Map<string, string | undefined>();
  const client = await clientOf(t, ({ url = '', headers }, response) => {
    asked.set(url, headers['if-none-match']);
    response.writeHead(200, { ...JSON_TYPE, ETag: '"1"' }).end(ROOMS);
  });
  const poll = (id: number) => client.poll('GET /api/commands/{id}', { params: { id } });
  for (let id = 1; id <= 200; id += 1) await poll(id);
  await poll(1);
  await poll(201);
  await poll(1);
  await poll(2);
  assert.equal(asked.get('/api/commands/1'), '"1"');
  assert.equal(asked.get('/api/commands/2'), undefined);
});
