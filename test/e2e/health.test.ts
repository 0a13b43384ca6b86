import assert from 'node:assert/strict';
import { test } from 'node:test';
import postgres from 'postgres';
import { missing } from '../helpers/database.ts';
import { connected, enrolled, reading, register } from '../helpers/devices.ts';
import { flowOf, healthOf, readiness, troubles } from '../helpers/health.ts';
import { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

/** They go on while the database is away. */
const WITHOUT_DATABASE = ['widget_updates', 'device_status', 'api_requests', 'mqtt_messages'];

void test('a server that nobody uses', async (t) => {
  const { server, rest } = await startServer(t);
  const kinds = async () => {
    const { events } = await rest.expect<{ events: { kind: string }[] }>(200, 'GET', '/api/events');
    return new Set(events.map(({ kind }) => kind));
  };

  await t.test('knows of each flow how it is, because it tries them out', async () => {
    const { status, flows } = await healthOf(rest);
    assert.equal(status, 'ok');
    assert.equal(flows.length, 12);
    assert.deepEqual(troubles({ status, flows }), {});
    for (const { name, measured_by, latency_ms, last_success, error_rate } of flows) {
      // The test has logged in.
      assert.equal(
        measured_by,
        name === 'authentication' || name === 'api_requests' ? 'traffic' : 'probe',
        name,
      );
      assert.ok(latency_ms !== null && last_success !== null && error_rate === 0, name);
    }
    // Of the test itself.
    await until('events are written', async () => (await kinds()).has('login'));
    for (const kind of await kinds()) assert.match(kind, /^(login|certificate_renewed|user_created)$/);
  });

  await t.test('and leaves nothing behind that people see, no used-up number either', async () => {
    assert.deepEqual((await rest.get('/api/devices')).body, { devices: [], next_cursor: null });
    assert.deepEqual((await rest.get('/api/rooms')).body, { rooms: [], next_cursor: null });
    assert.equal((await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'First' })).id, 1);
    const { wire } = await enrolled(server, rest, 'lamp');
    assert.equal((await rest.widget('lamp', 'power')).widget_id, 1);
    const { command } = await rest.expect<{ command: { id: number } }>(
      202,
      'POST',
      '/api/widgets/1/command?wait=0',
      { value: 'ON' },
    );
    assert.equal(command.id, 1);
    await wire.drop();
  });

  await t.test('is not asked to try them out again and again', async () => {
    const first = await flowOf(rest, 'room_management');
    const again = await flowOf(rest, 'room_management');
    assert.equal(again.measured_by, 'traffic', 'a room was made');
    const { last_check } = await flowOf(rest, 'widget_visibility');
    assert.equal((await flowOf(rest, 'widget_visibility')).last_check, last_check);
    assert.equal(first.status, 'ok');
  });

  await t.test('lives and is ready, for HEAD too and without a token', async () => {
    const stranger = new Rest(server);
    assert.deepEqual((await stranger.get('/api/health/live')).body, { status: 'ok' });
    assert.deepEqual((await stranger.get('/api/health/ready')).body, { status: 'ready', reasons: [] });
    for (const path of ['/api/health', '/api/health/live', '/api/health/ready']) {
      const head = await stranger.call('HEAD', path);
      assert.deepEqual([head.status, head.body], [200, ''], path);
    }
  });
});

void test('what whoever asks does wrong is no failure of a flow', async (t) => {
  const { server, rest } = await startServer(t, { DEVICE_ENROLLMENT: 'open' });
  const { wire } = await enrolled(server, rest, 'lamp');
  const stranger = new Rest(server);
  const at = new Date().toISOString();
  await wire.publish('devices/lamp/sensor', reading(1, { timestamp: at }));

  for (const password of ['wrong one', 'wrong two'])
    await stranger.expect(401, 'POST', '/api/auth/login', { username: 'admin', password });
  const guess = await Wire.tcp(server.ports.mqtt, server.host);
  const { returnCode } = await guess.connect({ clientId: 'lamp', username: 'lamp', password: 'wrong' });
  assert.equal(returnCode, 4);
  await stranger.expect(401, 'GET', '/api/rooms');
  await rest.expect(404, 'GET', '/api/rooms/99/widgets');
  await rest.expect(400, 'POST', '/api/rooms', { name: 'a\u0000b' });
  await rest.expect(404, 'DELETE', '/api/rooms/99');
  // Another value under the same identity, and one of next year.
  await wire.publish('devices/lamp/sensor', reading(2, { timestamp: at }));
  await wire.publish(
    'devices/lamp/sensor',
    reading(3, { timestamp: new Date(Date.now() + 3e10).toISOString() }),
  );
  assert.equal((await register(wire, 'lamp', { device_id: 'lamp' })).status, 'error');

  const health = await healthOf(rest);
  assert.deepEqual(troubles(health), {});
  for (const { name, error_rate } of health.flows) assert.equal(error_rate, 0, name);
  await wire.drop();
});

void test('a device that does not answer makes commands degraded, not down', async (t) => {
  const { server, rest } = await startServer(t, { COMMAND_TIMEOUT: '200ms', COMMAND_EXPIRY: '300ms' });
  const { wire, secret } = await enrolled(server, rest, 'deaf');
  const { widget_id: id } = await rest.widget('deaf', 'power');
  const command = () =>
    rest.call<{ command: { status: string } }>('POST', `/api/widgets/${id}/command`, { value: 'ON' });
  await wire.disconnect();
  assert.equal((await command()).body.command.status, 'expired');
  assert.equal((await flowOf(rest, 'commands')).status, 'ok');
  const again = await connected(server, 'deaf', secret);
  await again.subscribe('devices/deaf/command/request');
  assert.equal((await command()).body.command.status, 'timed_out');
  const { status, reason, measured_by } = await flowOf(rest, 'commands');
  assert.deepEqual([status, reason, measured_by], ['degraded', 'no_answer', 'traffic']);
  await again.drop();
});

void test('a database of its own', { skip: missing('postgres') }, async (t) => {
  const { server, rest, postgres: database } = await startServer(t, {}, 'postgres');
  assert.ok(database);
  const { wire } = await enrolled(server, rest, 'lamp');
  await wire.publish('devices/lamp/sensor', reading('kept'));

  const onlyWithoutDatabase = async () => {
    const { status, flows } = await healthOf(rest);
    assert.equal(status, 'down');
    for (const { name, status, reason } of flows) {
      if (WITHOUT_DATABASE.includes(name)) assert.notEqual(status, 'down', name);
      else assert.deepEqual([status, reason], ['down', 'database_unavailable'], name);
    }
  };

  await t.test('that takes no writes: what must write is down, with the reason', async () => {
    const sql = postgres(database.url, { max: 1, onnotice: () => {} });
    await sql`alter system set default_transaction_read_only = on`;
    await sql`select pg_reload_conf()`;
    // Every session of the pool has to hear of it.
    const refused = async (name: string) => (await rest.call('POST', '/api/rooms', { name })).status === 500;
    await until('all writes are refused', async () =>
      (await Promise.all([...'abcdefghijkl'].map((name) => refused(name)))).every((each) => each),
    );
    const told = await until('it is seen', async () => {
      const found = troubles(await healthOf(rest));
      return found.room_management === 'database_read_only' ? found : null;
    });
    assert.equal(told.widget_visibility, 'database_read_only');
    assert.equal(told.authentication, undefined);
    await sql`set default_transaction_read_only = off`;
    await sql`alter system reset default_transaction_read_only`;
    await sql`select pg_reload_conf()`;
    await sql.end();
    // It is remembered for five minutes that some failed.
    await until('all works again', async () =>
      (await healthOf(rest)).flows.every(({ status }) => status !== 'down'),
    );
  });

  await t.test('that has stopped: what needs it is down, and the process lives', async () => {
    await database.stop('immediate');
    await onlyWithoutDatabase();
    const { status, body } = await readiness(rest);
    assert.deepEqual([status, body], [503, { status: 'not_ready', reasons: ['database_unavailable'] }]);
    assert.equal((await rest.get('/api/health/live')).status, 200);
    await database.start();
    await until('it is ready', async () => (await readiness(rest)).status === 200);
    await until('all works again', async () =>
      (await healthOf(rest)).flows.every(({ status }) => status !== 'down'),
    );
  });

  await t.test('that hangs: the answer still comes within seconds', async () => {
    await database.freeze();
    const started = performance.now();
    await onlyWithoutDatabase();
    assert.ok(performance.now() - started < 8000);
    assert.equal((await readiness(rest)).status, 503);
    await database.thaw();
    await until('it is ready', async () => (await readiness(rest)).status === 200);
  });

  await t.test('a node that is drained is not ready, and lives', async () => {
    process.kill(server.pid, 'SIGUSR2');
    const told = await until('it tells', async () => {
      const answer = await readiness(rest);
      return answer.status === 503 ? answer.body : null;
    });
    assert.deepEqual(told.reasons, ['draining']);
    assert.equal((await rest.get('/api/health/live')).status, 200);
  });
  await wire.drop();
});
