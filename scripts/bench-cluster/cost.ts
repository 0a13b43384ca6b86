import { setTimeout as sleep } from 'node:timers/promises';
import { session } from '../../test/helpers/devices.ts';
import { ADMIN } from '../../test/helpers/server.ts';
import { clientSpecs, PAYLOAD, WILDCARD } from '../bench/contestants/devices.ts';
import { type LoadGenerator, startLoad } from '../bench/load/index.ts';
import type { OnEnd } from '../bench-history/database.ts';
import { say } from '../bench-history/progress.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { table } from '../cluster/report.ts';
import { between, watchRedis } from './redis-stats.ts';
import { openSeeded, spreadClients } from './seeded.ts';

const CLIENTS = 30;
const RATE = 300;
const IN_ROOM = 10;
const POLL_MS = 1000;
const NAMED = 4;

interface Case {
  name: string;
  /** All devices are at one node; otherwise they are spread over the three. */
  onto?: number;
  silent?: boolean;
  /** Begins what looks, and gives its end. */
  look?: (cluster: TestCluster, roomId: number) => Promise<() => Promise<void>>;
}

const person = (cluster: TestCluster, node: number, clientId: string, clean: boolean) => {
  const { server, rest } = cluster.node(node);
  return session(server, { clientId, clean, username: ADMIN.username, password: rest.token });
};

const subscriber = (node: number) => async (cluster: TestCluster) => {
  const wire = await person(cluster, node, 'cost-subscriber', true);
  await wire.subscribe(WILDCARD);
  // What came is of no use here.
  wire.onMessage = () => void wire.messages.splice(0);
  return () => wire.disconnect();
};

const CASES: readonly Case[] = [
  { name: 'no readings at all', silent: true },
  { name: 'nobody looks' },
  { name: 'a subscriber of all at the node of all devices', onto: 0, look: subscriber(0) },
  { name: 'a subscriber of all at another node', onto: 0, look: subscriber(1) },
  {
    name: 'a subscriber of all that is away, with a persistent session',
    look: async (cluster) => {
      const wire = await person(cluster, 1, 'cost-sleeper', false);
      await wire.subscribe(WILDCARD);
      await wire.disconnect();
      return async () => (await person(cluster, 1, 'cost-sleeper', true)).disconnect();
    },
  },
  // Last: a node looks at a room for a while after the last poll.
  {
    name: `a room with ${IN_ROOM} of the ${CLIENTS} devices is polled at one node every ${POLL_MS / 1000} s`,
    look: async (cluster, roomId) => {
      const timer = setInterval(() => {
        void cluster
          .node(2)
          .rest.get(`/api/rooms/${roomId}/widgets`)
          .catch(() => {});
      }, POLL_MS);
      return async () => clearInterval(timer);
    },
  },
];

async function furnish(cluster: TestCluster): Promise<number> {
  const { rest } = cluster.node(0);
  const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Polled' });
  for (const { id: device } of clientSpecs(IN_ROOM))
    await rest.expect(200, 'POST', `/api/devices/${device}/pair`, { room_id: id });
  return id;
}

interface CostOptions {
  measureMs: number;
  /** What was begun before has settled by then. */
  settleMs: number;
  onEnd: OnEnd;
}

/** Markdown: what a reading costs Redis. */
export async function measureCost({ measureMs, settleMs, onEnd }: CostOptions): Promise<string> {
  const cluster = await openSeeded({ nodes: 3, clients: CLIENTS });
  onEnd(cluster.stop);
  const load: LoadGenerator = startLoad();
  onEnd(load.stop);
  const redis = watchRedis(cluster.redis.url);
  onEnd(redis.stop);
  const roomId = await furnish(cluster);
  /** A second, of the case without readings: beats of nodes, and what is asked of them. */
  let idle = { calls: 0, bytesIn: 0, bytesOut: 0 };
  const rows: string[][] = [];

  for (const { name, onto, silent = false, look } of CASES) {
    await load.connect({ host: '127.0.0.1', port: 0 }, spreadClients(cluster, CLIENTS, onto), PAYLOAD);
    const end = await look?.(cluster, roomId);
    await sleep(settleMs);
    const before = await redis.look();
    let readings = 0;
    if (silent) await sleep(measureMs);
    else readings = (await load.run({ rate: RATE }, 0, measureMs)).acked;
    const spent = between(before, await redis.look());
    await end?.();
    await load.disconnect();
    const names = spent.byName.slice(0, NAMED).map(([command, count]) => `${command} ${count}`);
    if (silent) {
      const { calls, bytesIn, bytesOut, seconds } = spent;
      idle = { calls: calls / seconds, bytesIn: bytesIn / seconds, bytesOut: bytesOut / seconds };
      rows.push([
        `${name}: a second, three nodes together`,
        ...[idle.calls.toFixed(1), idle.bytesIn.toFixed(0), idle.bytesOut.toFixed(0)],
        names.join(', '),
      ]);
    } else {
      // What nodes say anyway differs a little from time to time.
      const each = (of: keyof typeof idle) => Math.max(0, (spent[of] - idle[of] * spent.seconds) / readings);
      rows.push([
        name,
        ...[each('calls').toFixed(3), each('bytesIn').toFixed(1), each('bytesOut').toFixed(1)],
        names.join(', '),
      ]);
    }
    say(`${name}: ${rows.at(-1)?.slice(1).join(' | ')}`);
  }
  await load.stop();
  redis.stop();
  await cluster.stop();
  return [
    '## What a reading costs Redis',
    `Three nodes, ${CLIENTS} devices, ${RATE} readings a second for ${measureMs / 1000} s. For one reading, without what the nodes say to each other anyway; the last column: all commands of the time that was measured.`,
    table(['', 'commands', 'bytes in', 'bytes out', 'of these'], rows),
  ].join('\n\n');
}
