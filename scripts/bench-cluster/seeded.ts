import postgres from 'postgres';
import { migrate } from '../../db/migrate.ts';
import { silent } from '../../test/helpers/database.ts';
import { clientSpecs, seedDevices } from '../bench/contestants/devices.ts';
import type { ClientSpec } from '../bench/load/protocol.ts';
import { openTestCluster, type TestCluster } from '../cluster/cluster.ts';

export interface SeededOptions {
  nodes: number;
  withRedis?: boolean;
  clients: number;
}

/** Nodes on loopback whose database knows so many devices already. */
export function openSeeded({ nodes, withRedis = true, clients }: SeededOptions): Promise<TestCluster> {
  return openTestCluster({
    ...{ nodes, withRedis, network: 'direct' },
    env: { LOG_LEVEL: 'error', DEFAULT_WIDGET_STATUS: 'include' },
    prepare: async (url) => {
      await migrate({ url }, silent);
      const sql = postgres(url, { max: 1, onnotice: () => {} });
      await seedDevices(sql, clients);
      await sql.end();
    },
  });
}

/** The devices, spread over the nodes. `onto`: all at that one. */
export function spreadClients(cluster: TestCluster, count: number, onto?: number): ClientSpec[] {
  return clientSpecs(count).map((spec, i) => {
    const { server } = cluster.node(onto ?? i % cluster.nodes.length);
    return { ...spec, at: { host: server.host, port: server.ports.mqtt } };
  });
}
