import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { enrolled } from '../helpers/devices.ts';
import { clusterMissing, openCluster } from '../helpers/nodes.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN, type Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

async function twoNodes(t: TestContext, env: Record<string, string> = {}) {
  const cluster = await openCluster(t);
  const one = await cluster.addNode('one', env);
  await one.start();
  const two = await cluster.addNode('two', env);
  await two.start();
  const rest = await new Rest(one).logIn();
  await until('the nodes know each other', async () => {
    const { nodes } = await rest.expect<{ nodes: unknown[] }>(200, 'GET', '/api/system');
    return nodes.length === 2;
  });
  return { ...cluster, one, two, rest };
}

async function logIn(
  server: Server,
  localAddress: string,
  password = 'a guess',
): Promise<number | undefined> {
  const sent = request({
    ...{ host: '127.0.0.1', port: server.ports.http, localAddress, agent: false },
    ...{ method: 'POST', path: '/api/auth/login', headers: { 'Content-Type': 'application/json' } },
  });
  sent.end(JSON.stringify({ username: ADMIN.username, password }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

/** How many wrong tries it takes until the next is locked; what was counted elsewhere may be a moment old. */
async function triesLeft(attempt: () => Promise<boolean>): Promise<number> {
  let tries = 0;
  await until('it is locked', async () => {
    if (await attempt()) return true;
    tries++;
    return false;
  });
  return tries;
}

void test('wrong passwords at two nodes count together', { skip: clusterMissing() }, async (t) => {
  const { one, two, rest } = await twoNodes(t, { MAX_LOGIN_FAILURES_PER_NAME: '12' });
  const home = '127.0.0.9';
  assert.equal(await logIn(one, home, ADMIN.password), 200);

  await t.test('ten of a name from an address lock the two everywhere', async () => {
    for (let i = 0; i < 10; i++) assert.equal(await logIn(i % 2 === 0 ? one : two, '127.0.0.2'), 401);
    for (const node of [one, two]) {
      assert.ok((await triesLeft(async () => (await logIn(node, '127.0.0.2')) === 429)) <= 1);
      assert.equal(await logIn(node, '127.0.0.2', ADMIN.password), 429);
    }
  });

  await t.test(
    'of a name from many addresses too, and who is at home at one node is so at the other',
    async () => {
      let from = 10;
      const stranger = async () => (await logIn(two, `127.0.0.${from++}`)) === 429;
      assert.ok((await triesLeft(stranger)) <= 4);
      assert.equal(await logIn(one, '127.0.0.200', ADMIN.password), 429);
      for (const node of [one, two]) assert.equal(await logIn(node, home, ADMIN.password), 200);
    },
  );

  await t.test('so do wrong secrets of a device', async () => {
    (await enrolled(one, rest, 'lamp')).wire.socket.destroy();
    const guess = async (node: Server) => {
      const wire = await Wire.tcp(node.ports.mqtt);
      const { returnCode } = await wire.connect({
        ...{ clientId: 'lamp', username: 'lamp', password: 'd'.repeat(43) },
      });
      return returnCode;
    };
    const before = await guess(one);
    for (let i = 1; i < 10; i++) assert.equal(await guess(i % 2 === 0 ? one : two), before);
    for (const node of [one, two]) assert.ok((await triesLeft(async () => (await guess(node)) === 3)) <= 1);
  });
});

void test('open connections of an address count together', { skip: clusterMissing() }, async (t) => {
  const { one, two, redis } = await twoNodes(t, { MAX_CONNECTIONS_PER_ADDRESS: '6' });
  const address = '127.0.0.3';
  const open = async (node: Server): Promise<Socket | null> => {
    const socket = connect({ port: node.ports.http, host: '127.0.0.1', localAddress: address });
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n');
    return new Promise((resolve) => {
      socket.once('data', () => resolve(socket)).once('close', () => resolve(null));
    });
  };
  const held = new Map<Server, Socket[]>([
    [one, []],
    [two, []],
  ]);
  /** So many as it takes until no more is let in. */
  const fill = async (node: Server) => {
    for (;;) {
      const socket = await open(node);
      if (socket === null) return;
      held.get(node)?.push(socket);
    }
  };
  /** Held by keep-alive for 30 s at most. */
  const count = (node: Server) => held.get(node)?.filter((socket) => !socket.closed).length ?? 0;
  const isFull = (node: Server) => async () => {
    const more = await open(node);
    more?.destroy();
    return more === null;
  };

  for (let i = 0; i < 4; i++) held.get(one)?.push((await open(one)) as Socket);
  await until('the other knows of them', async () => {
    await fill(two);
    if (count(two) === 2) return true;
    for (const socket of held.get(two)?.splice(0) ?? []) socket.destroy();
    return false;
  });
  await until('both are full', isFull(one));

  for (const socket of held.get(one)?.splice(0, 2) ?? []) socket.destroy();
  await until('there is room again at the other', async () => !(await isFull(two)()));

  await two.stop('SIGKILL');
  await until('what a dead node had does not count', async () => {
    await fill(one);
    return count(one) === 6;
  });
  for (const socket of held.get(one)?.splice(0) ?? []) socket.destroy();
  held.set(two, []);

  await two.start();
  await until('the new one is told of all', async () => {
    for (const socket of held.get(one)?.splice(0) ?? []) socket.destroy();
    await fill(one);
    return count(one) === 6 && (await isFull(two)());
  });
  await redis.stop();
  await until('each counts alone while Redis is away', async () => !(await isFull(two)()));
  await redis.start();
  await until('and together again after it', isFull(two));
});
