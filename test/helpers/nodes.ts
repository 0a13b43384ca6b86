import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from './free-port.ts';
import { type Postgres, postgresMissing, startPostgres } from './postgres.ts';
import { type RedisServer, redisMissing, startRedis } from './redis.ts';
import { Server } from './server.ts';

export const clusterMissing = (): string | false => postgresMissing() || redisMissing();

export interface Cluster {
  postgres: Postgres;
  redis: RedisServer;
  /** A node on ports that stay the same when it is started again; not started yet. */
  addNode(name: string, env?: Record<string, string>): Promise<Server>;
}

/** A PostgreSQL and a Redis for nodes that share a secret and a CA; all ends with the test. */
export async function openCluster(t: TestContext): Promise<Cluster> {
  const ends: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const postgres = await startPostgres();
  ends.push(postgres.dispose);
  const redis = await startRedis();
  ends.push(redis.dispose);
  let first: Server | null = null;
  return {
    postgres,
    redis,
    addNode: async (name, env = {}) => {
      const [http, mqtt] = [await freePort(), await freePort()];
      const server = new Server({
        databaseUrl: postgres.url,
        env: {
          REDIS_URL: redis.url,
          NODE_NAME: name,
          JWT_SECRET: 'of all the nodes of this cluster alike',
          HTTP_PORT: String(http),
          MQTT_PORT: String(mqtt),
          HTTPS_PORT: 'off',
          MQTTS_PORT: 'off',
          ...env,
        },
      });
      ends.push(() => server.dispose());
      const from = first?.dataDir;
      first ??= server;
      if (from !== undefined) {
        mkdirSync(join(server.dataDir, 'certs'), { mode: 0o700 });
        for (const file of ['ca.crt', 'ca.key'])
          copyFileSync(join(from, 'certs', file), join(server.dataDir, 'certs', file));
      }
      return server;
    },
  };
}
