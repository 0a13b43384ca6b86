import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { runBeside } from '../helpers/command.ts';
import { missing } from '../helpers/database.ts';
import { enrolled } from '../helpers/devices.ts';
import type { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

interface System {
  version: string;
  time: string;
  enrollment: string;
  database: { kind: string; bytes: number | null };
  nodes: {
    name: string;
    node_version: string;
    started_at: string;
    memory_bytes: number;
    event_loop_lag_ms: number;
    connections: number;
    devices_connected: number;
    devices_total: number;
  }[];
  disks: { name: string; free_bytes: number | null; total_bytes: number | null; state: string }[];
  certificates: { name: string; subject: string; sha256: string; expires_at: string; days_left: number }[];
  listeners: Record<string, number>;
}

const ask = (rest: Rest) => rest.expect<System>(200, 'GET', '/api/system');
const MIB = 1024 * 1024;

void test('what the running program tells of itself', async (t) => {
  const { server, rest } = await startServer(t);

  await t.test('is what it is, with nothing more', async () => {
    const { body, headers } = await rest.get<System>('/api/system');
    assert.equal(headers.get('ETag'), null);
    assert.equal(headers.get('Cache-Control'), 'no-store');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    assert.deepEqual([body.version, body.enrollment], [version, 'token']);
    assert.ok(Math.abs(Date.parse(body.time) - Date.now()) < 60_000);
    assert.equal(body.database.kind, 'embedded');
    assert.ok((body.database.bytes ?? 0) > MIB);
    assert.deepEqual(body.listeners, server.ports);
    assert.ok(!JSON.stringify(body).includes(server.dataDir), 'no path');
  });

  await t.test('is told of the process', async () => {
    const { nodes, time } = await ask(rest);
    const [node, ...more] = nodes;
    assert.ok(node);
    assert.deepEqual(more, []);
    assert.deepEqual([node.name, node.node_version], [hostname(), process.versions.node]);
    const up = Date.parse(time) - Date.parse(node.started_at);
    assert.ok(up > 0 && up < 120_000, `${up} ms`);
    assert.ok(node.memory_bytes > 20 * MIB);
    assert.ok(node.event_loop_lag_ms >= 0);
    assert.equal((await ask(rest)).nodes[0]?.started_at, node.started_at, 'the same at each look');
  });

  await t.test('counts connections and devices as they come and go', async () => {
    const counted = async () => {
      const [node] = (await ask(rest)).nodes;
      return [node?.connections, node?.devices_connected, node?.devices_total].join();
    };
    assert.equal(await counted(), '0,0,0');
    const { wire } = await enrolled(server, rest, 'lamp');
    await until('it is connected', async () => (await counted()) === '1,1,1');
    await wire.disconnect();
    await until('it has gone', async () => (await counted()) === '0,0,1');
  });

  await t.test('measures the disks', async () => {
    const { disks } = await ask(rest);
    assert.deepEqual(
      disks.map(({ name }) => name),
      ['data', 'database'],
    );
    for (const { free_bytes: free, total_bytes: total, state } of disks) {
      assert.ok(free !== null && total !== null && free > 0 && total > free);
      assert.equal(state, 'ok');
    }
  });

  await t.test('shows the certificates, and the next CA while it is being changed', async () => {
    const { certificates } = await ask(rest);
    assert.deepEqual(
      certificates.map(({ name }) => name),
      ['ca', 'server'],
    );
    const ca = new X509Certificate(server.ca);
    const [told] = certificates;
    assert.equal(told?.sha256, ca.fingerprint256);
    assert.equal(told?.expires_at, new Date(ca.validTo).toISOString());
    assert.match(told?.subject ?? '', /^CN=PM IoT CA \w+, O=PM IoT$/);
    assert.ok((told?.days_left ?? 0) > 3600);
    assert.equal((await runBeside(server, 'certs', 'rotate-ca')).code, 0);
    await until('there are two', async () => {
      const names = (await ask(rest)).certificates.map(({ name }) => name);
      return names.join() === 'ca,ca-next,server';
    });
  });

  await t.test('leaves out a listener that is off', async () => {
    await server.restartWith({ MQTT_PORT: 'off' });
    assert.deepEqual(Object.keys((await ask(rest)).listeners).sort(), ['http', 'https', 'mqtts']);
  });
});

void test('a database that is away is told, and holds nothing up', {
  skip: missing('postgres'),
}, async (t) => {
  const { rest, postgres } = await startServer(t, {}, 'postgres');
  assert.ok(postgres);
  const { database } = await ask(rest);
  assert.equal(database.kind, 'server');
  assert.ok((database.bytes ?? 0) > MIB);
  for (const [leave, comeBack] of [
    [() => postgres.freeze(), () => postgres.thaw()],
    [() => postgres.stop('immediate'), () => postgres.start()],
  ] as const) {
    await leave();
    const began = performance.now();
    const away = await ask(rest);
    assert.ok(performance.now() - began < 5000);
    assert.deepEqual(away.database, { kind: 'server', bytes: null });
    assert.equal(away.nodes.length, 1);
    await comeBack();
    await until('it is back', async () => (await ask(rest)).database.bytes);
  }
});
