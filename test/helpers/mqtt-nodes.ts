import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';
import type { Broker } from '../conformance/peer.ts';
import { type Cluster, openCluster } from './nodes.ts';
import { ADMIN, type Server } from './server.ts';
import { until } from './wait.ts';

export interface MqttNodes extends Cluster {
  nodes: [Server, Server, ...Server[]];
  brokers: [Broker, Broker, ...Broker[]];
  /** To look into Redis, and to meddle. */
  client: Redis;
}

export const brokerOf = ({ ports }: Server): Broker => ({
  port: ports.mqtt,
  login: ADMIN,
  webSocketUrl: `ws://127.0.0.1:${ports.http}/mqtt`,
});

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
  const client = new Redis({ port: cluster.redis.port, retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {});
  t.after(() => client.disconnect());
  const [a, b, ...more] = nodes;
  if (a === undefined || b === undefined) throw new Error('at least two');
  return {
    ...cluster,
    nodes: [a, b, ...more],
    brokers: [brokerOf(a), brokerOf(b), ...more.map(brokerOf)],
    client,
  };
}
