import type { TestContext } from 'node:test';
import type { Kind } from './database.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { Rest } from './rest.ts';
import { Server } from './server.ts';

/** `TEST_WORKERS=2 node scripts/test.mjs e2e`: the same tests, and the server is as many nodes of a cluster. */
const WORKERS = process.env.TEST_WORKERS ?? '';

/** A running server with an admin logged in; both end with the test. */
export async function startServer(t: TestContext, env: Record<string, string> = {}, kind: Kind = 'embedded') {
  const postgres = kind === 'postgres' || WORKERS !== '' ? await startPostgres() : null;
  const redis = WORKERS === '' ? null : await startRedis();
  const server = new Server({
    env: { ...(redis && { REDIS_URL: redis.url, WORKERS }), ...env },
    databaseUrl: postgres?.url ?? null,
  });
  t.after(async () => {
    await server.dispose();
    await postgres?.dispose();
    await redis?.dispose();
  });
  await server.start();
  const rest = await new Rest(server).logIn();
  return { server, rest, postgres };
}
