import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { readClusterId } from '../../db/cluster/cluster-id.ts';
import type { Broker } from '../conformance/peer.ts';
import { type Cluster, openCluster } from './nodes.ts';
import { ADMIN, type Server } from './server.ts';
import { until } from './wait.ts';

export interface MqttNodes extends Cluster {
  nodes: [Server, Server, ...Server[]];
  brokers: [Broker, Broker, ...Broker[]];
  /** To look into Redis, and to meddle: at the keys of this cluster. */
  client: Redis;
  /** Before each key, where it does not come by itself: patterns and channels. */
  prefix: string;
}

export const brokerOf = ({ ports }: Server): Broker => ({
  port: ports.mqtt,
  login: ADMIN,
  webSocketUrl: `ws://127.0.0.1:${ports.http}/mqtt`,
});

async function clusterIdOf({ postgres: { url } }: Cluster): Promise<string> {
  const sql = postgres(url, { max: 1 });
  const id = await readClusterId(sql);
  await sql.end();
  return id;
}

/** Nodes that run and know each other. All ends with the test. */
export async function startMqttNodes(
  t: TestContext,
  count = 2,
  env: Record<string, string> = {},
): Promise<MqttNodes> {
  const cluster = await openCluster(t);
  const nodes: Server[] = [];
  for (let i = 0; i < count; i++) {
    const node = await cluster.addNode(`node-${i + 1}`, env);
    await node.start();
    nodes.push(node);
  }
  for (const [i, node] of nodes.entries()) {
    const names = nodes.slice(i + 1).map((_, j) => `node-${i + j + 2}`);
    const known = (name: string) =>
      node.lines.some(({ msg, node: other }) => msg === 'another node is there' && other === name);
    await until('all nodes know each other', () => names.every(known));
  }
  const prefix = `pm-iot:${await clusterIdOf(cluster)}:`;
  const client = new Redis({
    ...{ port: cluster.redis.port, keyPrefix: prefix, retryStrategy: () => 50, maxRetriesPerRequest: null },
  });
  client.on('error', () => {});
  t.after(() => client.disconnect());
  const [a, b, ...more] = nodes;
  if (a === undefined || b === undefined) throw new Error('at least two');
  return {
    ...cluster,
    nodes: [a, b, ...more],
    brokers: [brokerOf(a), brokerOf(b), ...more.map(brokerOf)],
    client,
    prefix,
  };
}
