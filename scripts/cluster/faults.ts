import type { Node, TestCluster } from './cluster.ts';

/** Something that goes wrong, and is mended after a while. */
export interface Fault {
  name: string;
  /** Index of the node whose clients have a right to their wills. */
  dies: number | null;
  /** How long it lasts at least, though shorter ones were asked for: what must have happened by then takes its time. */
  atLeastMs: number;
  strike(): Promise<void>;
  mend(): Promise<void>;
}

/** A node counts as dead after 7 s without a word, and its devices are offline within 10 s. */
const DEATH_MS = 10_000;

/** Every fault of the issue, in its order, and some more. */
export function faultsOf(cluster: TestCluster): Fault[] {
  const { postgres, redis, network } = cluster;
  const cutting = (node: Node, ...backends: ('Redis' | 'PostgreSQL')[]): Fault => ({
    name: `${node.name} cut from ${backends.join(' and ')}`,
    ...{ dies: null, atLeastMs: 0 },
    strike: () => cluster.cut(node, ...backends),
    mend: () => cluster.heal(node, ...backends),
  });
  const at = (index: number) => cluster.node(index % cluster.nodes.length);
  const [first, second, third] = [at(0), at(1), at(2)];
  const { clients } = network;
  const faults: Fault[] = [
    {
      name: `kill -9 of ${second.name}`,
      ...{ dies: cluster.nodes.indexOf(second), atLeastMs: DEATH_MS },
      strike: () => cluster.kill(second),
      mend: () => second.server.start(),
    },
    cutting(first, 'Redis'),
    cutting(second, 'PostgreSQL'),
    cutting(third, 'Redis', 'PostgreSQL'),
    {
      name: 'Redis restarted with data',
      ...{ dies: null, atLeastMs: 0 },
      strike: () => redis.stop(),
      mend: () => redis.start(),
    },
    {
      name: 'Redis killed, restarted empty',
      ...{ dies: null, atLeastMs: 0 },
      strike: () => redis.stop('SIGKILL'),
      mend: () => redis.start('empty'),
    },
    {
      name: 'PostgreSQL restarted',
      ...{ dies: null, atLeastMs: 0 },
      strike: () => postgres.stop('fast'),
      mend: () => postgres.start(),
    },
    {
      name: 'PostgreSQL crashed, restarted',
      ...{ dies: null, atLeastMs: 0 },
      strike: () => postgres.stop('immediate'),
      mend: () => postgres.start(),
    },
  ];
  if (clients === null) return faults;
  const isolated: Fault = {
    name: `${third.name} cut from everybody`,
    ...{ dies: cluster.nodes.indexOf(third), atLeastMs: DEATH_MS },
    strike: async () => {
      await clients.cut(third.host);
      await cluster.cut(third, 'Redis', 'PostgreSQL');
    },
    mend: async () => {
      await cluster.heal(third, 'Redis', 'PostgreSQL');
      await clients.heal(third.host);
    },
  };
  return [...faults.slice(0, 4), isolated, ...faults.slice(4)];
}
