import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { clusterMissing, openCluster } from '../helpers/nodes.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

interface Node {
  name: string;
  status: string;
  leader: boolean;
}

/** The children of a process. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

void test('workers need what nodes share, and say what is missing', async () => {
  const server = new Server({ env: { WORKERS: '2' } });
  const { code, stderr, stdout } = await server.runToEnd();
  assert.deepEqual([code, stdout], [78, '']);
  assert.equal(
    stderr,
    'WORKERS: 2 is not allowed without DATABASE_URL and REDIS_URL: the workers are nodes that share them\n',
  );
  await server.dispose();
});

void test('two workers of one machine', {
  skip: clusterMissing() || process.platform !== 'linux',
}, async (t) => {
  const cluster = await openCluster(t);
  const server = await cluster.addNode('box', {
    WORKERS: '2',
    HTTP_PORT: '0',
    HTTPS_PORT: '0',
    MQTT_PORT: '0',
    MQTTS_PORT: '0',
    DRAIN_TIME: '1s',
  });
  await server.start();
  let rest = await new Rest(server).logIn();
  const nodes = async () => (await rest.expect<{ nodes: Node[] }>(200, 'GET', '/api/system')).nodes;
  const living = async () =>
    (await nodes())
      .filter(({ status }) => status === 'ok')
      .map(({ name }) => name)
      .sort();

  await t.test('share their ports, and are ready once', async () => {
    assert.equal(new Set(Object.values(server.ports)).size, 4);
    assert.ok(Object.values(server.ports).every((port) => port > 0));
    assert.equal(server.lines.filter(({ msg }) => msg === 'ready').length, 1);
    await until('both are there', async () => (await living()).join() === 'box/1,box/2');
    await until('one leads', async () => (await nodes()).filter(({ leader }) => leader).length === 1);
  });

  await t.test('tell in their log lines which of them it is', () => {
    const of = new Set(server.lines.map(({ worker }) => worker));
    assert.deepEqual([...of].sort(), [1, 2, undefined]);
  });

  const devices = await Promise.all(
    ['one', 'two', 'three', 'four'].map(async (id) => ({ id, ...(await enrolled(server, rest, id)) })),
  );

  await t.test('do together what one does: readings and commands, whichever of them is asked', async () => {
    for (const { id, wire } of devices) {
      await wire.subscribe(`devices/${id}/command/request`);
      wire.onMessage = ({ topic, payload }) => {
        if (!topic.endsWith('/command/request')) return;
        const { value, reply_topic } = JSON.parse(payload) as { value: unknown; reply_topic: string };
        void wire.publish(reply_topic, { status: 'success', value });
      };
      await wire.publish(`devices/${id}/sensor`, reading(21.5));
    }
    for (let i = 0; i < 8; i++) {
      // A connection of its own each time, so that both of them are asked.
      const caller = new Rest(server);
      caller.token = rest.token;
      for (const { id } of devices) {
        const { widget_id: widget, value } = await caller.widget(id, 'temperature');
        assert.equal(value, 21.5, id);
        assert.ok(widget > 0);
      }
      const { id } = devices[i % 4] ?? { id: '' };
      const { widget_id: widget } = await caller.widget(id, 'brightness');
      const { command } = await caller.expect<{ command: { status: string } }>(
        200,
        'POST',
        `/api/widgets/${widget}/command`,
        { value: i },
      );
      assert.equal(command.status, 'executed');
    }
  });

  /** As whichever of them tells that gets the connection. */
  const measured = async (name: string) => {
    const caller = new Rest(server);
    caller.token = rest.token;
    const text = await caller.expect<string>(200, 'GET', '/api/metrics');
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
    assert.ok(values.length > 0, name);
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const RECEIVED = 'pm_iot_mqtt_messages_received_total';

  await t.test('tell what both of them measure, whichever of them is asked', async () => {
    // The devices are two at each: connections are taken in turn.
    const before = await measured(RECEIVED);
    for (const { id, wire } of devices) await wire.publish(`devices/${id}/sensor`, reading(21.5));
    for (let i = 0; i < 4; i++) {
      assert.equal(await measured(RECEIVED), before + devices.length);
      assert.equal(await measured('pm_iot_mqtt_connections'), devices.length);
      assert.equal(await measured('pm_iot_redis_ready'), 1);
      assert.equal(await measured('pm_iot_workers_answered'), 2);
    }
  });

  await t.test('one that is killed is started again, and the other goes on', async () => {
    const before = childrenOf(server.pid);
    assert.equal(before.length, 2);
    const received = await measured(RECEIVED);
    process.kill(before[0] ?? 0, 'SIGKILL');
    const [killed] = before;
    const back = async () => {
      const now = childrenOf(server.pid);
      return now.length === 2 && !now.includes(killed ?? 0);
    };
    await until('there is another one', back);
    await until('both are nodes', async () => {
      const answer = await rest.get<{ nodes: Node[] }>('/api/system').catch(() => null);
      const names = answer?.body.nodes?.filter(({ status }) => status === 'ok').map(({ name }) => name) ?? [];
      return names.sort().join() === 'box/1,box/2';
    });
    await until('both tell what they measure', async () => (await measured('pm_iot_workers_answered')) === 2);
    assert.equal(await measured(RECEIVED), received, 'what the killed one has counted stays counted');
    assert.ok(server.lines.some(({ msg, worker }) => msg.startsWith('a worker has ended') && worker === 1));
    for (const { id, secret } of devices) {
      const wire = await connected(server, id, secret);
      await wire.publish(`devices/${id}/sensor`, reading(22));
      await wire.disconnect();
    }
  });

  await t.test('that cannot start end the parent, with one reason', async () => {
    const taken = await cluster.addNode('taken', { WORKERS: '2', MQTT_PORT: String(server.ports.mqtt) });
    const { code, stdout } = await taken.runToEnd();
    assert.equal(code, 1);
    assert.equal(stdout.match(/MQTT_PORT/g)?.length, 1, stdout);
  });

  await t.test('are drained together, whichever of them is told', async () => {
    await rest.expect(202, 'POST', '/api/nodes/self/drain');
    await until('all have ended', () => !server.alive);
    assert.equal(await server.stop(), 0, server.report());
  });

  await t.test('stop in order within ten seconds, with an exit code of 0', async () => {
    await server.start();
    rest = await new Rest(server).logIn();
    const children = childrenOf(server.pid);
    const began = performance.now();
    assert.equal(await server.stop(), 0, server.report());
    assert.ok(performance.now() - began < 10_000);
    assert.equal(children.length, 2);
    for (const pid of children) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});
