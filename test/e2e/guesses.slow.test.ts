import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { enrolled } from '../helpers/devices.ts';
import type { Rest } from '../helpers/rest.ts';
import { ADMIN, type Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

interface Event {
  kind: string;
  actor: string;
  device_id: string | null;
  detail: { limit?: string };
}

/** The status of a log-in that comes from `localAddress`, one of loopback. */
async function logIn(server: Server, localAddress: string, username: string, password: string) {
  const sent = request({
    ...{ host: '127.0.0.1', port: server.ports.http, localAddress, agent: false },
    ...{ method: 'POST', path: '/api/auth/login', headers: { 'Content-Type': 'application/json' } },
  });
  sent.end(JSON.stringify({ username, password }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

const counted = async (rest: Rest, limit: string) => {
  const { body } = await rest.get<string>('/api/metrics');
  return body.includes(`pm_iot_limits_reached_total{limit="${limit}"} 1\n`);
};

void test('guesses of many addresses lock no person out at home, neither at once nor after a restart', async (t) => {
  const { server, rest } = await startServer(t, { MAX_LOGIN_FAILURES_PER_NAME: '10' });
  await server.stop();
  await server.start();
  for (let i = 0; i < 10; i++) {
    assert.equal(await logIn(server, `127.0.0.${10 + i}`, ADMIN.username, `a guess, number ${i}`), 401);
  }
  assert.equal(await logIn(server, '127.0.0.9', ADMIN.username, ADMIN.password), 429);
  assert.equal(await logIn(server, '127.0.0.1', ADMIN.username, ADMIN.password), 200);
  assert.ok(await counted(rest, 'login_failures_per_name'));
});

void test('strangers who try made-up names from many addresses hold up nobody who is known', async (t) => {
  const { server } = await startServer(t);
  let over = false;
  const statuses = new Map<number | undefined, number>();
  const crowd = Array.from({ length: 120 }, async (_, i) => {
    for (let n = 0; !over; n++) {
      const status = await logIn(server, `127.0.1.${1 + (i % 12)}`, `name-${i}-${n}`, 'one password for all');
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  try {
    await until('the strangers are too many', () => (statuses.get(429) ?? 0) > 0);
    for (let i = 0; i < 5; i++) {
      assert.equal(await logIn(server, '127.0.0.1', ADMIN.username, ADMIN.password), 200);
    }
  } finally {
    over = true;
    await Promise.all(crowd);
  }
});

void test('wrong secrets of a device lock it for its address, and an admin is told of which device', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire: lamp } = await enrolled(server, rest, 'lamp');
  t.after(() => lamp.drop());
  const attempt = async () => {
    const wire = await Wire.tcp(server.ports.mqtt);
    const hello = { clientId: 'lamp', username: 'lamp', password: 'x'.repeat(43) };
    const { returnCode } = await wire.connect(hello);
    await wire.closed;
    return returnCode;
  };
  for (let i = 0; i < 10; i++) assert.equal(await attempt(), 4);
  assert.equal(await attempt(), 3);
  assert.ok(await counted(rest, 'login_failures'));
  const { events } = await until('it is told', async () => {
    const { body } = await rest.get<{ events: Event[] }>('/api/events?device_id=lamp');
    return body.events.some(({ kind }) => kind === 'limit_reached') && body;
  });
  const told = events.find(({ kind }) => kind === 'limit_reached');
  assert.deepEqual([told?.actor, told?.detail.limit], ['lamp', 'login_failures']);
});
