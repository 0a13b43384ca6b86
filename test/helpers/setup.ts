import type { TestContext } from 'node:test';
import type { Kind } from './database.ts';
import { startPostgres } from './postgres.ts';
import { Rest } from './rest.ts';
import { Server } from './server.ts';

/** A running server with an admin logged in; both end with the test. */
export async function startServer(t: TestContext, env: Record<string, string> = {}, kind: Kind = 'embedded') {
  const postgres = kind === 'postgres' ? await startPostgres() : null;
  const server = new Server({ env, databaseUrl: postgres?.url ?? null });
  t.after(async () => {
    await server.dispose();
    await postgres?.dispose();
  });
  await server.start();
  const rest = await new Rest(server).logIn();
  return { server, rest, postgres };
}
