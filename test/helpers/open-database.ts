import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { type Client, type ConnectTarget, connect } from '../../db/client.ts';
import { startEmbedded } from '../../db/embedded/index.ts';
import { migrate } from '../../db/migrate.ts';
import { type Kind, silent } from './database.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { copyDatabase } from './templates.ts';

export interface TestDatabase extends Client {
  target: ConnectTarget;
}

/** What the tests of a file share, one after the other: to start it takes longer than most tests. */
const engines: Engine[] = [];
let cluster: Promise<Postgres> | null = null;
let databases = 0;

interface Engine {
  socketPath: string;
  taken: boolean;
  end(): Promise<void>;
}

after(async () => {
  for (const { end } of engines) await end();
  await (await cluster)?.dispose();
});

/** A migrated, empty database of the test's own. */
export async function openDatabase(t: TestContext, kind: Kind): Promise<TestDatabase> {
  const target = kind === 'embedded' ? await embedded(t) : await server();
  await migrate(target, silent);
  const client = connect(target, silent);
  t.after(() => client.close());
  return { ...client, target };
}

/** A database of the test's own without a table. */
export async function openTarget(t: TestContext, kind: Kind): Promise<ConnectTarget> {
  const target = kind === 'embedded' ? await embedded(t) : await server();
  if (kind === 'embedded') await empty(target);
  return target;
}

async function embedded(t: TestContext): Promise<ConnectTarget> {
  let engine = engines.find(({ taken }) => !taken);
  if (engine === undefined) {
    engine = await startEngine();
    engines.push(engine);
  } else {
    // Only now: what the last test opened may have been in use until its very end.
    await empty(engine);
  }
  const mine = engine;
  mine.taken = true;
  t.after(() => {
    mine.taken = false;
  });
  return { socketPath: mine.socketPath };
}

async function startEngine(): Promise<Engine> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pm-iot-test-'));
  copyDatabase(dataDir);
  const onCrash = (error: Error) => {
    throw error;
  };
  const { socketPath, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
  const end = async () => {
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { socketPath, taken: false, end };
}

/** As if it had just been made: its one backend remembers statements and settings of those before. */
async function empty(target: ConnectTarget): Promise<void> {
  const { sql, close } = connect(target, silent, 1);
  try {
    await sql`discard all`.simple();
    await sql`drop schema public cascade`.simple();
    await sql`drop schema if exists drizzle cascade`.simple();
    await sql`create schema public`.simple();
  } finally {
    await close();
  }
}

async function server(): Promise<ConnectTarget> {
  cluster ??= startPostgres();
  const { url } = await cluster;
  const own = new URL(url);
  own.pathname = `/test_${++databases}`;
  const { sql, close } = connect({ url }, silent, 1);
  await sql.unsafe(`create database ${own.pathname.slice(1)}`);
  await close();
  return { url: own.href };
}
