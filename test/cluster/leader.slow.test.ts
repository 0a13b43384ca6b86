import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterMissing, openCluster } from '../helpers/nodes.ts';
import { postgresMissing, startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

interface Node {
  name: string;
  status: string;
  leader: boolean;
  redis: string | null;
  heard_at: string;
  id: string;
  version: string;
}
const nodesOf = async (rest: Rest) => (await rest.expect<{ nodes: Node[] }>(200, 'GET', '/api/system')).nodes;
const healthOf = async (rest: Rest) =>
  (
    await rest.get<{ status: string; redis?: string; nodes: { name: string; status: string }[] }>(
      '/api/health',
    )
  ).body;
const leadersOf = (nodes: Node[]) => nodes.filter(({ leader }) => leader).map(({ name }) => name);

void test('two nodes, of which one leads', { skip: clusterMissing() }, async (t) => {
  const cluster = await openCluster(t);
  const a = await cluster.addNode('a');
  await a.start();
  const b = await cluster.addNode('b');
  await b.start();
  const rest = await new Rest(b).logIn();

  await t.test('each is told of, with nothing secret in what all may see', async () => {
    const nodes = await until('both are there', async () => {
      const found = await nodesOf(rest);
      return found.length === 2 && leadersOf(found).length === 1 && found[1]?.redis === 'ok' ? found : null;
    });
    assert.deepEqual(
      nodes.map(({ name, status, redis }) => [name, status, redis]),
      [
        ['b', 'ok', 'ok'],
        ['a', 'ok', 'ok'],
      ],
    );
    assert.deepEqual(leadersOf(nodes), ['a']);
    const health = await healthOf(rest);
    assert.deepEqual([health.status, health.redis], ['ok', 'ok']);
    assert.deepEqual(health.nodes, [
      { name: 'b', status: 'ok' },
      { name: 'a', status: 'ok' },
    ]);
  });

  await t.test('Redis that is away takes none of them down', async () => {
    await cluster.redis.stop('SIGKILL');
    await until('it is seen', async () => (await healthOf(rest)).redis === 'away');
    assert.equal((await healthOf(rest)).status, 'ok');
    await cluster.redis.start();
    await until('it is back', async () => (await healthOf(rest)).redis === 'ok');
  });

  await t.test('one that is killed is down, and the other leads', async () => {
    await a.stop('SIGKILL');
    await until('the other leads', async () => leadersOf(await nodesOf(rest)).join() === 'b');
    const dead = await until('it is down', async () =>
      (await nodesOf(rest)).find(({ name, status }) => name === 'a' && status === 'down'),
    );
    assert.ok(Date.now() - Date.parse(dead.heard_at) < 60_000);
    assert.deepEqual((await healthOf(rest)).nodes[1], { name: 'a', status: 'down' });
    await a.start();
    await until('it is there once', async () => {
      const nodes = await nodesOf(rest);
      return nodes.length === 2 && nodes[1]?.status === 'ok';
    });
  });

  await t.test('one that hangs leads no more, and neither does it when it goes on', async () => {
    process.kill(b.pid, 'SIGSTOP');
    t.after(() => b.alive && process.kill(b.pid, 'SIGCONT'));
    const other = await new Rest(a).logIn();
    await until('the other leads', async () => leadersOf(await nodesOf(other)).join() === 'a');
    process.kill(b.pid, 'SIGCONT');
    await until('it is there, and one leads', async () => {
      const nodes = await nodesOf(rest).catch(() => []);
      return (
        nodes.length === 2 && nodes.every(({ status }) => status === 'ok') && leadersOf(nodes).join() === 'a'
      );
    });
  });

  await t.test('a database that restarts leaves one leader', async () => {
    await cluster.postgres.stop('immediate');
    await cluster.postgres.start();
    await until('one leads', async () => {
      const answer = await rest.get<{ nodes: Node[] }>('/api/system');
      return answer.status === 200 && leadersOf(answer.body.nodes).length === 1;
    });
    assert.ok(a.alive && b.alive);
  });

  await t.test('one that stops in order is not told of any more, and leaves the lead at once', async () => {
    const leader = leadersOf(await nodesOf(rest)).join();
    const [first, second] = leader === 'a' ? [a, b] : [b, a];
    const other = await new Rest(second).logIn();
    assert.equal(await first.stop(), 0);
    await until('the other leads alone', async () => {
      const nodes = await nodesOf(other);
      return nodes.length === 1 && nodes[0]?.leader === true;
    });
  });
});

void test('two nodes that know nothing of each other', { skip: postgresMissing() }, async (t) => {
  const postgres = await startPostgres();
  const servers = Array.from({ length: 2 }, () => new Server({ databaseUrl: postgres.url }));
  const [first, second] = servers;
  assert.ok(first && second);
  t.after(async () => {
    for (const server of servers) await server.dispose();
    await postgres.dispose();
  });
  await first.start();

  await t.test('do not run on one database: the second says why', async () => {
    const { code, stdout } = await second.runToEnd();
    assert.equal(code, 1, stdout);
    assert.match(
      stdout,
      /"level":"fatal".*another node uses this database: set REDIS_URL on all of them, or stop it/,
    );
  });

  await t.test('one that was killed or stopped is followed at once', async () => {
    await first.stop('SIGKILL');
    await second.start();
    await second.stop();
    await first.start();
    assert.ok(first.startedIn < 9000, `${first.startedIn} ms`);
  });

  await t.test('a database that restarts ends none of them', async () => {
    await postgres.stop('immediate');
    await postgres.start();
    const rest = new Rest(first);
    await until('it works again', async () => (await rest.get('/api/health')).status === 200);
    const { code } = await second.runToEnd();
    assert.equal(code, 1);
    assert.ok(first.alive);
  });
});
