import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { type Postgres, startPostgres } from '../../test/helpers/postgres.ts';
import { type RedisServer, startRedis } from '../../test/helpers/redis.ts';
import { Rest } from '../../test/helpers/rest.ts';
import { Server } from '../../test/helpers/server.ts';
import { type NetworkKind, openNetwork } from './network/index.ts';
import type { Host, Network } from './network/network.ts';

/** What a node cannot reach. */
export type Backend = 'Redis' | 'PostgreSQL';

/** Enough for three or four nodes and their connections beside the pool. */
const DATABASE_CONNECTIONS = 120;

/** One process of the program on a host of its own. */
export interface Node {
  readonly name: string;
  readonly host: Host;
  readonly server: Server;
  /** An admin, logged in at the first node: tokens hold at all. */
  readonly rest: Rest;
}

export interface TestCluster {
  readonly network: Network;
  readonly postgres: Postgres;
  readonly redis: RedisServer;
  /** In the order of their making. */
  readonly nodes: readonly Node[];
  /** Of this program, which no fault touches. */
  readonly sql: postgres.Sql;
  node(index: number): Node;
  /** One more, started. */
  addNode(): Promise<Node>;
  cut(node: Node, ...backends: Backend[]): Promise<void>;
  heal(node: Node, ...backends: Backend[]): Promise<void>;
  kill(node: Node): Promise<void>;
  /** Writes what every node has logged into a folder, for whoever has to find out. */
  writeLogs(folder: string): void;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  nodes: number;
  env?: Record<string, string>;
  network?: NetworkKind;
  /** false: a node alone, without Redis. */
  withRedis?: boolean;
  /** Before the first node starts. */
  prepare?: (databaseUrl: string) => Promise<void>;
}

/** A PostgreSQL, a Redis, and so many nodes on hosts of their own; all of it ends with `stop`, also when it fails here. */
export async function openTestCluster({
  nodes: count,
  env = {},
  network: kind = 'namespaces',
  withRedis = true,
  prepare,
}: ClusterOptions): Promise<TestCluster> {
  const ends: (() => Promise<void>)[] = [];
  const stop = async () => {
    const errors: unknown[] = [];
    for (let end = ends.pop(); end !== undefined; end = ends.pop())
      await end().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, 'not all of the cluster could be removed');
  };
  try {
    const network = await openNetwork(kind);
    ends.push(network.stop);
    const postgresHost = await network.addHost('postgres');
    const redisHost = await network.addHost('redis');
    const database = await startPostgres(undefined, {
      place: postgresHost,
      connections: DATABASE_CONNECTIONS,
      logWaits: true,
    });
    ends.push(database.dispose);
    const redis = await startRedis(redisHost);
    ends.push(redis.dispose);
    const sql = postgres(database.url, { max: 2, onnotice: () => {}, connect_timeout: 5 });
    ends.push(() => sql.end({ timeout: 1 }));
    const shared = {
      jwtSecret: randomBytes(32).toString('hex'),
      network,
      postgresHost,
      redisHost,
      withRedis,
    };

    await prepare?.(database.url);
    const hostOf = { Redis: redisHost, PostgreSQL: postgresHost };
    const nodes: Node[] = [];
    const addNode = async () => {
      const node = await makeNode(`node${nodes.length + 1}`, { ...shared, database, redis, env }, nodes[0]);
      ends.push(() => node.server.dispose());
      nodes.push(node);
      await node.server.start();
      if (node === nodes[0]) await node.rest.logIn();
      else node.rest.token = nodes[0]?.rest.token ?? '';
      return node;
    };
    // The first makes the CA that the others are given.
    for (let i = 0; i < count; i++) await addNode();
    return {
      ...{ network, postgres: database, redis, nodes, sql, addNode, stop },
      node: (index) => {
        const node = nodes[index];
        if (node === undefined) throw new Error(`there is no node ${index}`);
        return node;
      },
      cut: async ({ host }, ...backends) => {
        for (const backend of backends) await network.cut(host, hostOf[backend]);
      },
      heal: async ({ host }, ...backends) => {
        for (const backend of backends) await network.heal(host, hostOf[backend]);
      },
      kill: async ({ server }) => void (await server.stop('SIGKILL')),
      writeLogs: (folder) => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'postgres.log'), database.readLog());
        for (const { name, server } of nodes) writeFileSync(join(folder, `${name}.log`), server.report());
      },
    };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

interface Shared {
  jwtSecret: string;
  network: Network;
  postgresHost: Host;
  redisHost: Host;
  withRedis: boolean;
  database: Postgres;
  redis: RedisServer;
  env: Record<string, string>;
}

async function makeNode(name: string, shared: Shared, first: Node | undefined): Promise<Node> {
  const { jwtSecret, network, postgresHost, redisHost, withRedis, database, redis, env } = shared;
  const host = await network.addHost(name);
  const databaseAt = await network.route(host, postgresHost, database.port);
  const redisAt = await network.route(host, redisHost, redis.port);
  const databaseUrl = new URL(database.url);
  databaseUrl.hostname = databaseAt.host;
  databaseUrl.port = String(databaseAt.port);
  const server = new Server({
    databaseUrl: databaseUrl.href,
    place: host,
    env: {
      NODE_NAME: name,
      ...(withRedis && { REDIS_URL: `redis://${redisAt.host}:${redisAt.port}` }),
      JWT_SECRET: jwtSecret,
      ...env,
    },
  });
  if (first !== undefined) {
    mkdirSync(join(server.dataDir, 'certs'), { mode: 0o700 });
    for (const file of ['ca.crt', 'ca.key'])
      copyFileSync(join(first.server.dataDir, 'certs', file), join(server.dataDir, 'certs', file));
  }
  return { name, host, server, rest: new Rest(server) };
}
