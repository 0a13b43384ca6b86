import { setTimeout as sleep } from 'node:timers/promises';
import { connected, enrolled } from '../../test/helpers/devices.ts';
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
import { obeying } from '../cluster/steps/commands.ts';
import { Quantiles } from '../load-test/quantiles.ts';
import { openSeeded, spreadClients } from './seeded.ts';

const CLIENTS = 200;
const IN_FLIGHT = 10;
const RATE = 5000;
const WARM_UP_MS = 3000;
const SHORT_WARM_UP_MS = 500;
const PAUSE_MS = 500;
const COMMANDS = 200;

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
  /** From the request of a command until REST answers that it was executed. Milliseconds. */
  command50: number;
  command99: number;
}

export interface SpeedOptions {
  rounds: number;
  measureMs: number;
  /** The fewest and the most nodes, once: does it work? */
  short: boolean;
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

/** Asked at the first node, one after the other, for a device at the last one; nothing else goes on. */
async function measureCommands(cluster: TestCluster, count: number) {
  const { server, rest } = cluster.node(0);
  const { wire: first, secret } = await enrolled(server, rest, 'commanded');
  await first.disconnect();
  const wire = await connected(cluster.node(cluster.nodes.length - 1).server, 'commanded', secret);
  await obeying(wire, 'commanded');
  const { widget_id } = await rest.widget('commanded', 'power');
  const times = new Quantiles();
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const value = i % 2 === 0 ? 'ON' : 'OFF';
    await rest.expect(200, 'POST', `/api/widgets/${widget_id}/command`, { value });
    times.add(performance.now() - began);
  }
  await wire.disconnect();
  return { command50: times.at(0.5), command99: times.at(0.99) };
}

async function oneTurn(
  { nodes, withRedis }: Setup,
  { measureMs, short, onEnd }: SpeedOptions,
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
      const warmUpMs = short ? SHORT_WARM_UP_MS : WARM_UP_MS;
      const running = load.run(what, warmUpMs, measureMs);
      await sleep(warmUpMs);
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
      ...(await measureCommands(cluster, short ? 20 : COMMANDS)),
    };
  } finally {
    await load.stop();
    await cluster.stop();
  }
}

async function inTurns(options: SpeedOptions, pinning: Pinning | null): Promise<string> {
  const setups = options.short ? [SETUPS[0], SETUPS.at(-1)].filter((one) => one !== undefined) : SETUPS;
  const turns = new Map<string, Turn[]>(setups.map(({ name }) => [name, []]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const setup of setups) {
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
      `${ms('command50')} / ${ms('command99')} ms`,
      ...[ms('nodes'), ms('database'), ms('redis')],
    ];
  });
  const head = ['', 'messages/s', 'min – max', `p50 / p99 at ${whole(RATE)}/s`, 'command p50 / p99'];
  return table([...head, 'nodes', 'PostgreSQL', 'Redis'], rows);
}

/** Markdown. `pinned`: from then on this program and what it starts stay on one processor, and nodes on the other. */
export async function measureSpeed(options: SpeedOptions, pinned: boolean): Promise<string> {
  const pinning = pinned ? startPinning() : null;
  const rows = await inTurns(options, pinning);
  const load = `${CLIENTS} clients, QoS 1, ${IN_FLIGHT} in flight each; stored before the PUBACK, each acknowledged message is one row. Medians of ${options.rounds} rounds.`;
  return [
    pinning === null
      ? '## Messages a second and latency, everything on all processors'
      : `## Messages a second and latency, nodes together on one processor (${pinning.described()})`,
    `${load} Commands: one after the other, asked at one node, to a device at another one. The last three columns: milliseconds of processor time for 1,000 messages at full load.`,
    rows,
  ].join('\n\n');
}
