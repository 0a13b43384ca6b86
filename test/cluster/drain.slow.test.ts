import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectMqtt, type MqttClient } from 'mqtt';
import { connect } from '../../db/client.ts';
import { silent } from '../helpers/database.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { type Cluster, clusterMissing, openCluster } from '../helpers/nodes.ts';
import { postgresMissing } from '../helpers/postgres.ts';
import { type CommandBody, Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const DEVICES = 8;
const FINAL = new Set(['executed', 'rejected', 'timed_out', 'expired']);

interface Device {
  id: string;
  client: MqttClient;
  /** Values of readings that were acknowledged. */
  acknowledged: number[];
  /** Correlation ids of commands that it has carried out. */
  done: Set<string>;
  stop(): Promise<void>;
}

/** Reports one reading after the other, obeys, and when a node sends it away takes the other one, as a library does. */
function startDevice(
  t: TestContext,
  id: string,
  password: string,
  nodes: readonly Server[],
  clean: boolean,
): Device {
  const client = connectMqtt({
    servers: nodes.map((node) => ({ host: '127.0.0.1', port: node.ports.mqtt })),
    clientId: id,
    username: id,
    password,
    clean,
    reconnectPeriod: 200,
    connectTimeout: 3000,
    reschedulePings: false,
  });
  const device = { id, client, acknowledged: [] as number[], done: new Set<string>() };
  client.on('error', () => {});
  client.on('connect', () => client.subscribe(`devices/${id}/command/request`, { qos: 1 }));
  client.on('message', (_topic, payload) => {
    const { correlation_id, value, reply_topic } = JSON.parse(payload.toString()) as Record<string, string>;
    device.done.add(String(correlation_id));
    client.publish(String(reply_topic), JSON.stringify({ status: 'success', value }), { qos: 1 });
  });
  let running = true;
  const report = async () => {
    for (let seq = 1; running; seq++) {
      const payload = JSON.stringify(reading(seq, { timestamp: new Date().toISOString(), seq }));
      // Kept by the library until it is acknowledged, over any number of connections.
      await client.publishAsync(`devices/${id}/sensor`, payload, { qos: 1 });
      device.acknowledged.push(seq);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const reporting = report().catch(() => {});
  t.after(() => client.end(true));
  return {
    ...device,
    stop: async () => {
      running = false;
      await reporting;
    },
  };
}

async function auditReadings(cluster: Cluster, devices: readonly Device[]): Promise<void> {
  const { sql, close } = connect({ url: cluster.postgres.url }, silent, 1);
  try {
    for (const { id, acknowledged } of devices) {
      const rows = await sql<{ seq: number; times: number }[]>`
        select r.seq::int as seq, count(*)::int as times from readings r join widgets w on w.id = r.widget_id
          join devices d on d.pk = w.device_pk
        where d.device_id = ${id} group by r.seq`;
      const stored = new Map(rows.map(({ seq, times }) => [seq, times]));
      assert.ok(acknowledged.length > 50, `${id} reported ${acknowledged.length} times`);
      for (const seq of acknowledged) assert.equal(stored.get(seq), 1, `${id}: reading ${seq}`);
    }
  } finally {
    await close();
  }
}

const isOpen = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

void test('a rolling restart of two nodes', { skip: clusterMissing() }, async (t) => {
  const cluster = await openCluster(t);
  const env = { DRAIN_TIME: '2s', COMMAND_TIMEOUT: '3s', COMMAND_EXPIRY: '10s' };
  const a = await cluster.addNode('a', env);
  await a.start();
  const restA = await new Rest(a).logIn();
  const secrets: string[] = [];
  for (let i = 0; i < DEVICES; i++) {
    const { wire, secret } = await enrolled(a, restA, `lamp-${i}`);
    await wire.disconnect();
    secrets.push(secret);
  }
  const b = await cluster.addNode('b', env);
  await b.start();
  const restB = await new Rest(b).logIn();
  const nodes = [a, b];
  const rests = new Map([
    [a, restA],
    [b, restB],
  ]);
  const devices = secrets.map((secret, i) =>
    startDevice(t, `lamp-${i}`, secret, i % 2 === 0 ? nodes : [...nodes].reverse(), i % 3 > 0),
  );
  const commands: CommandBody[] = [];
  let commanding = true;
  const away = new Set<Server>();
  const command = async () => {
    for (let i = 0; commanding; i++) {
      const node = nodes[i % 2];
      const rest = node === undefined || away.has(node) ? undefined : rests.get(node);
      if (rest === undefined) continue;
      const { widget_id: id } = await rest.widget(`lamp-${i % DEVICES}`, 'brightness');
      const answer = await rest.call<{ command: CommandBody }>(
        'POST',
        `/api/widgets/${id}/command?wait=2000`,
        {
          value: i % 100,
        },
      );
      assert.ok([200, 202].includes(answer.status), JSON.stringify(answer.body));
      commands.push(answer.body.command);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  const askHealth = (rest: Rest) => rest.get<{ status: string }>('/api/health');

  const restart = async (node: Server, how: 'signal' | 'call') => {
    const rest = rests.get(node);
    assert.ok(rest);
    const { pid } = node;
    away.add(node);
    if (how === 'signal') process.kill(pid, 'SIGUSR2');
    else await rest.expect(202, 'POST', '/api/nodes/self/drain');
    const told = await until('it tells', async () => {
      const answer = await askHealth(rest);
      return answer.status === 503 ? answer : null;
    });
    assert.equal(told.body.status, 'draining');
    assert.ok(await isOpen(node.ports.mqtt), 'until balancers have seen it, it takes connections');
    await until('it takes none any more', async () => !(await isOpen(node.ports.mqtt)));
    await until('it has ended', () => !node.alive);
    assert.equal(await node.stop(), 0, node.report());
    await node.start();
    rests.set(node, await new Rest(node).logIn());
    away.delete(node);
  };

  await until('all are connected', () => devices.every(({ client }) => client.connected));
  const commanded = command();
  await restart(a, 'signal');
  await restart(b, 'call');
  const enough = devices.map(({ acknowledged }) => acknowledged.length);
  await until('all go on', () =>
    devices.every(({ acknowledged }, i) => acknowledged.length > (enough[i] ?? 0) + 20),
  );
  commanding = false;
  await commanded;
  for (const device of devices) await device.stop();

  await t.test('loses no reading that was acknowledged, and stores none twice', () =>
    auditReadings(cluster, devices),
  );

  await t.test('leaves every command in a state that is true', async () => {
    const rest = rests.get(a);
    assert.ok(rest);
    assert.ok(commands.length > 20, `${commands.length} commands`);
    const counts: Record<string, number> = {};
    for (const { id } of commands) {
      const ended = await until('it has ended', async () => {
        const { command: now } = await rest.expect<{ command: CommandBody }>(
          200,
          'GET',
          `/api/commands/${id}`,
        );
        return FINAL.has(now.status) ? now : null;
      });
      const done = devices.some((device) => device.done.has(ended.correlation_id));
      if (ended.status === 'executed') assert.ok(done, `${id} was never carried out`);
      if (ended.status === 'expired') assert.ok(!done, `${id} was carried out`);
      counts[ended.status] = (counts[ended.status] ?? 0) + 1;
    }
    t.diagnostic(`${JSON.stringify(counts)}, ${enough.reduce((sum, each) => sum + each)} readings`);
    assert.ok((counts.executed ?? 0) > commands.length / 2);
  });
});

void test('a lone node that is drained', { skip: postgresMissing() }, async (t) => {
  const { server, rest } = await startServer(t, { DRAIN_TIME: '1s' }, 'postgres');
  const { wire } = await enrolled(server, rest, 'lamp');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  /** Over one connection, as long as it lasts. */
  const ask = () =>
    new Promise<{ status: number; connection: string; port: number }>((resolve, reject) => {
      get({ port: server.ports.http, path: '/api/health', agent }, (response) => {
        const { statusCode: status = 0, headers, socket } = response;
        const told = { status, connection: headers.connection ?? '', port: socket.localPort ?? 0 };
        response.resume().once('end', () => resolve(told));
      }).once('error', reject);
    });
  const first = await ask();
  assert.deepEqual([first.status, first.connection], [200, 'keep-alive']);
  for (let i = 0; i < 2; i++) await rest.expect(202, 'POST', '/api/nodes/self/drain');

  await t.test('says so, answers what is asked, and ends connections with their last answer', async () => {
    const told = await ask();
    assert.deepEqual([told.status, told.connection, told.port], [503, 'keep-alive', first.port]);
    await until('it takes no more', async () => !(await isOpen(server.ports.http)));
    const last = await ask();
    assert.deepEqual([last.status, last.connection, last.port], [503, 'close', first.port]);
    await assert.rejects(ask(), { code: 'ECONNREFUSED' });
  });

  await t.test('acknowledges what devices send until it closes them, and ends with 0', async () => {
    let acknowledged = 0;
    const report = async () => {
      for (let seq = 1; !wire.ended; seq++) {
        await wire.publish('devices/lamp/sensor', reading(seq, { seq }));
        acknowledged++;
      }
    };
    await report().catch(() => {});
    assert.ok(acknowledged > 0);
    await until('it has ended', () => !server.alive);
    assert.equal(await server.stop(), 0, server.report());
  });

  await t.test('stops at once when it is told twice', async () => {
    await server.start();
    process.kill(server.pid, 'SIGUSR2');
    await until('it drains', () => server.lines.filter(({ msg }) => msg.startsWith('draining')).length === 2);
    const began = performance.now();
    assert.equal(await server.stop('SIGUSR2'), 0);
    assert.ok(performance.now() - began < 5000);
  });
});
