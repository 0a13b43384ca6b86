import { setTimeout as sleep } from 'node:timers/promises';
import { PAYLOAD } from '../bench/contestants/devices.ts';
import { familyTime, parentOf, processTime } from '../bench/contestants/processes.ts';
import { startLoad } from '../bench/load/index.ts';
import type { Load, LoadResult } from '../bench/load/protocol.ts';
import { type Pinning, startPinning } from '../bench/pinning.ts';
import { spreadOf } from '../bench/report/statistics.ts';
import type { OnEnd } from '../bench-history/database.ts';
import { say, whole } from '../bench-history/progress.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { table } from '../cluster/report.ts';
import { openSeeded, spreadClients } from './seeded.ts';

const CLIENTS = 200;
const IN_FLIGHT = 10;
const RATE = 1000;
const WARM_UP_MS = 3000;
const PAUSE_MS = 500;

interface Setup {
  name: string;
  nodes: number;
  withRedis: boolean;
}

const SETUPS: readonly Setup[] = [
  { name: 'one node, without Redis', nodes: 1, withRedis: false },
  { name: 'one node', nodes: 1, withRedis: true },
  { name: 'two nodes', nodes: 2, withRedis: true },
  { name: 'three nodes', nodes: 3, withRedis: true },
];

interface Turn {
  perSecond: number;
  /** Milliseconds of processor time for 1,000 messages at full load. */
  nodes: number;
  database: number;
  redis: number;
  p50: number;
  p99: number;
}

export interface SpeedOptions {
  rounds: number;
  measureMs: number;
  onEnd: OnEnd;
}

/** Milliseconds of processor time so far. */
function processorOf(cluster: TestCluster, database: number) {
  return {
    nodes: cluster.nodes.reduce((sum, { server }) => sum + processTime(server.pid), 0),
    database: familyTime(database),
    redis: processTime(cluster.redis.pid()),
  };
}

async function oneTurn(
  { nodes, withRedis }: Setup,
  { measureMs, onEnd }: SpeedOptions,
  pinning: Pinning | null,
): Promise<Turn> {
  const cluster = await openSeeded({ nodes, withRedis, clients: CLIENTS });
  onEnd(cluster.stop);
  const load = startLoad();
  onEnd(load.stop);
  try {
    pinning?.server(...cluster.nodes.map(({ server }) => server.pid));
    const [self] = await cluster.sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const database = parentOf(self?.pid ?? 0);
    const { connected } = await load.connect(
      { host: '127.0.0.1', port: 0 },
      spreadClients(cluster, CLIENTS),
      PAYLOAD,
    );
    if (connected !== CLIENTS) throw new Error(`${connected} of ${CLIENTS} clients connected`);

    const measure = async (what: Load) => {
      const running = load.run(what, WARM_UP_MS, measureMs);
      await sleep(WARM_UP_MS);
      const before = processorOf(cluster, database);
      await sleep(measureMs);
      const after = processorOf(cluster, database);
      const result: LoadResult = await running;
      if (result.closed > 0) throw new Error(`${result.closed} connections ended under load`);
      const spent = (of: keyof typeof before) => ((after[of] - before[of]) / result.ackedInWindow) * 1000;
      return { result, spent };
    };
    const full = await measure({ inFlight: IN_FLIGHT });
    const steady = await measure({ rate: RATE });
    const acked = full.result.acked + steady.result.acked;
    const [row] = await cluster.sql<{ count: number }[]>`select count(*)::float8 as count from readings`;
    if (row?.count !== acked) throw new Error(`${acked} acknowledged, ${row?.count} rows`);
    return {
      perSecond: (full.result.ackedInWindow / full.result.windowMs) * 1000,
      nodes: full.spent('nodes'),
      database: full.spent('database'),
      redis: full.spent('redis'),
      p50: steady.result.latency.p50,
      p99: steady.result.latency.p99,
    };
  } finally {
    await load.stop();
    await cluster.stop();
  }
}

async function inTurns(options: SpeedOptions, pinning: Pinning | null): Promise<string> {
  const turns = new Map<string, Turn[]>(SETUPS.map(({ name }) => [name, []]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const setup of SETUPS) {
      const turn = await oneTurn(setup, options, pinning);
      turns.get(setup.name)?.push(turn);
      say(`round ${round}: ${setup.name}: ${whole(turn.perSecond)}/s, p99 ${turn.p99.toFixed(1)} ms`);
      await sleep(PAUSE_MS);
    }
  }
  const rows = [...turns].map(([name, all]) => {
    const spread = (of: keyof Turn) => spreadOf(all.map((turn) => turn[of]));
    const { median, min, max } = spread('perSecond');
    const ms = (of: keyof Turn) => spread(of).median.toFixed(of === 'redis' ? 2 : 1);
    return [
      name,
      whole(median),
      `${whole(min)} – ${whole(max)}`,
      `${ms('p50')} / ${ms('p99')} ms`,
      ...[ms('nodes'), ms('database'), ms('redis')],
    ];
  });
  const head = ['', 'messages/s', 'min – max', `p50 / p99 at ${whole(RATE)}/s`];
  return table([...head, 'nodes', 'PostgreSQL', 'Redis'], rows);
}

/** Markdown. */
export async function measureSpeed(options: SpeedOptions): Promise<string> {
  const free = await inTurns(options, null);
  // From now on this program and what it starts stay on one processor.
  const pinning = startPinning();
  const pinned = await inTurns(options, pinning);
  const load = `${CLIENTS} clients, QoS 1, ${IN_FLIGHT} in flight each; stored before the PUBACK, each acknowledged message is one row. Medians of ${options.rounds} rounds.`;
  return [
    '## Messages a second and latency',
    `${load} The last three columns: milliseconds of processor time for 1,000 messages at full load.`,
    '### Everything on both processors',
    free,
    `### Nodes together on one processor (${pinning.described()})`,
    pinned,
  ].join('\n\n');
}
