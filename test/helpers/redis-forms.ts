import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { until } from './wait.ts';

const SLOTS = 16_384;

/** Servers of Redis in a folder; all ends with the test. */
function servers(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-redis-'));
  const running: ChildProcess[] = [];
  const clients: Redis[] = [];
  t.after(async () => {
    for (const client of clients) client.disconnect();
    for (const child of running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    start: async (args: string[], port: number) => {
      const own = join(folder, String(port));
      mkdirSync(own);
      const child = spawn('redis-server', [...args, '--port', String(port), '--dir', own], {
        stdio: 'ignore',
      });
      running.push(child);
      const client = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null });
      client.on('error', () => {});
      clients.push(client);
      await client.ping();
      return { client, child, port };
    },
  };
}

/** Three masters that share the keys. */
export async function startRedisCluster(t: TestContext): Promise<{ url: string; masters: Redis[] }> {
  const { start } = servers(t);
  const masters: { client: Redis; port: number; busPort: number }[] = [];
  for (let i = 0; i < 3; i++) {
    const [port, busPort] = [await freePort(), await freePort()];
    const args = ['--save', '', '--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
    masters.push({ ...(await start(args, port)), busPort });
  }
  for (const [i, { client }] of masters.entries()) {
    const at = (n: number) => String(Math.floor((n * SLOTS) / masters.length));
    await client.call('CLUSTER', 'ADDSLOTSRANGE', at(i), String(Number(at(i + 1)) - 1));
    for (const { port, busPort } of masters.slice(0, i)) {
      await client.call('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
    }
  }
  await until('all slots are served', async () => {
    const states = await Promise.all(masters.map(({ client }) => client.call('CLUSTER', 'INFO')));
    return states.every((state) => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(String(state)));
  });
  const hosts = masters.map(({ port }) => `127.0.0.1:${port}`).join(',');
  return { url: `redis+cluster://${hosts}`, masters: masters.map(({ client }) => client) };
}

/** A master, a replica, and a sentinel that makes the one of the other. */
export async function startSentinel(t: TestContext) {
  const { start, folder } = servers(t);
  const master = await start(['--save', ''], await freePort());
  const replica = await start(['--save', '', '--replicaof', `127.0.0.1 ${master.port}`], await freePort());
  const port = await freePort();
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    `sentinel monitor homes 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds homes 1000
sentinel failover-timeout homes 5000
`,
  );
  const sentinel = await start([file, '--sentinel'], port);
  await until('the sentinel knows both', async () => {
    const replicas = (await sentinel.client.call('SENTINEL', 'REPLICAS', 'homes')) as unknown[];
    const isSynced = /master_link_status:up/.test(await replica.client.info('replication'));
    return replicas.length === 1 && isSynced;
  });
  return { url: `redis+sentinel://127.0.0.1:${port}/homes`, master: master.child, replica: replica.client };
}
