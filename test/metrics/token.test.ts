import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../config/index.ts';
import { METRICS_TOKEN } from '../helpers/busy.ts';
import { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';

/** As one that came through a proxy, which is never this machine itself. */
const FROM_ELSEWHERE = { 'X-Forwarded-For': '192.0.2.7' };

void test('METRICS_TOKEN opens /api/metrics, and nothing else', async (t) => {
  const { server, rest } = await startServer(t, { METRICS_TOKEN, LOG_LEVEL: 'trace' });
  const prometheus = new Rest(server);
  prometheus.token = METRICS_TOKEN;
  const { status, body, headers } = await prometheus.get<string>('/api/metrics', FROM_ELSEWHERE);
  assert.equal(status, 200);
  assert.match(body, /^pm_iot_build_info\{/m);
  assert.match(headers.get('Content-Type') ?? '', /^text\/plain; version=0\.0\.4/);

  const { paths } = await rest.expect<{ paths: Record<string, Record<string, unknown>> }>(
    200,
    'GET',
    '/api/openapi.json',
  );
  const open = [
    '/api/metrics',
    '/api/health',
    '/api/auth/login',
    '/api/ca.crt',
    '/api/openapi.json',
    '/api/docs',
  ];
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '1')] as const),
  );
  const closed = calls.filter(
    ([, path]) => !open.some((each) => path === each || path.startsWith(`${each}/`)),
  );
  assert.ok(closed.length > 30);
  for (const [method, path] of closed) {
    assert.equal((await prometheus.call(method, path)).status, 401, `${method} ${path}`);
  }
  const login = await prometheus.call('POST', '/api/auth/login', {
    username: 'admin',
    password: METRICS_TOKEN,
  });
  assert.equal(login.status, 401);

  const stranger = new Rest(server);
  for (const token of [`${METRICS_TOKEN}x`, METRICS_TOKEN.slice(1), 'x']) {
    stranger.token = token;
    assert.equal((await stranger.get('/api/metrics')).status, 401);
  }
  assert.doesNotMatch(server.report(), new RegExp(METRICS_TOKEN));
});

void test('there is none unless it is set, and it must be one that nobody guesses', async (t) => {
  assert.equal(loadConfig({}).metricsToken, null);
  assert.throws(
    () => loadConfig({ METRICS_TOKEN: 'too-short' }),
    /^ConfigError: METRICS_TOKEN: the value that is set/,
  );
  const { server } = await startServer(t);
  const prometheus = new Rest(server);
  for (const token of ['', 'null', METRICS_TOKEN]) {
    prometheus.token = token;
    assert.equal((await prometheus.get('/api/metrics', FROM_ELSEWHERE)).status, 401, token);
  }
});
