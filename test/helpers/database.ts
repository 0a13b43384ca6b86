import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Client, type ConnectTarget, connect } from '../../db/client.ts';
import type { Log } from '../../db/domain/ports.ts';
import { startEmbedded } from '../../db/embedded/index.ts';
import { migrate } from '../../db/migrate.ts';
import { postgresMissing, startPostgres } from './postgres.ts';

const ignore = () => {};
export const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore };

export type Kind = 'embedded' | 'postgres';
export const KINDS: Kind[] = ['embedded', 'postgres'];

export const missing = (kind: Kind) => (kind === 'postgres' ? postgresMissing() : false);

export interface TestDatabase extends Client {
  target: ConnectTarget;
}

/** A migrated, empty embedded database that `npm test` makes once: to make one takes seconds. */
const TEMPLATE = process.env.TEST_DATABASE_TEMPLATE;

/** A migrated, empty database that ends with the test. */
export async function openDatabase(t: TestContext, kind: Kind): Promise<TestDatabase> {
  const target = kind === 'embedded' ? await embedded(t, TEMPLATE) : await server(t);
  await migrate(target, silent);
  const client = connect(target, silent);
  t.after(() => client.close());
  return { ...client, target };
}

/** A database without a table, that ends with the test. */
export const openTarget = (t: TestContext, kind: Kind): Promise<ConnectTarget> =>
  kind === 'embedded' ? embedded(t) : server(t);

async function embedded(t: TestContext, template?: string): Promise<ConnectTarget> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pm-iot-test-'));
  if (template !== undefined) cpSync(template, join(dataDir, 'db'), { recursive: true });
  const onCrash = (error: Error) => {
    throw error;
  };
  const { socketPath, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
  t.after(async () => {
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  return { socketPath };
}

async function server(t: TestContext): Promise<ConnectTarget> {
  const postgres = await startPostgres();
  t.after(() => postgres.dispose());
  return { url: postgres.url };
}
