import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../db/client.ts';
import { startEmbedded } from '../../../db/embedded/index.ts';
import { migrate } from '../../../db/migrate.ts';
import { shortSocketPath } from '../../../db/socket-path.ts';
import { silent } from '../../../test/helpers/database.ts';
import { findPostgres } from '../../../test/helpers/postgres.ts';
import { Server } from '../../../test/helpers/server.ts';
import type { Contestant, Running, StartOptions } from './contestant.ts';
import { startDatabase } from './database.ts';
import { clientSpecs, seedDevices } from './devices.ts';
import { processTime, threadTimes } from './processes.ts';

const ENV = { LOG_LEVEL: 'error' };
/** Keeps the one backend busy for some tenths of a second. */
const BUSY = `select count(*) from generate_series(1, 2000000) i where i % 7 = 3`;
/** How much more than any other thread (some compile) the database's must have worked to be told. */
const CLEARLY = 2;

const version = async () => {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
};

async function startPinned(server: Server, { pinning }: StartOptions): Promise<void> {
  const starting = server.start();
  pinning.server(server.pid);
  await starting;
  // Threads that were begun in the very moment.
  pinning.server(server.pid);
}

const common = (server: Server, { clients }: StartOptions) => ({
  host: '127.0.0.1',
  port: server.ports.mqtt,
  tls: { port: server.ports.mqtts, ca: server.ca },
  server,
  clients: clientSpecs(clients),
  pids: [server.pid],
  startedInMs: server.startedIn,
});

async function startOnPostgres(options: StartOptions): Promise<Running> {
  const database = await startDatabase();
  const server = new Server({ databaseUrl: database.url, env: ENV });
  const stop = async () => {
    await server.dispose();
    await database.stop();
  };
  try {
    await migrate({ url: database.url }, silent);
    await seedDevices(database.sql, options.clients, options.idleWidgets);
    await startPinned(server, options);
  } catch (error) {
    await stop();
    throw error;
  }
  const { pid } = server;
  return {
    ...common(server, options),
    rows: () => database.rows('readings'),
    processor: () => ({ server: processTime(pid), database: database.processor() }),
    stop,
  };
}

/** Folders of embedded databases with so many devices: to make one takes seconds. */
const templates = new Map<string, string>();

async function templateOf({ clients, idleWidgets = 0 }: StartOptions): Promise<string> {
  const key = `${clients} ${idleWidgets}`;
  const known = templates.get(key);
  if (known !== undefined) return known;
  const dataDir = mkdtempSync(join(tmpdir(), 'pm-iot-bench-'));
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  const onCrash = (error: Error) => {
    throw error;
  };
  const { socketPath, folder, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
  await migrate({ socketPath }, silent);
  const { sql, close } = connect({ socketPath }, silent);
  await seedDevices(sql, clients, idleWidgets);
  await close();
  await stop();
  templates.set(key, folder);
  return folder;
}

/** The thread, other than the main one, that clearly worked most between two looks; null when none did. */
function busiest(before: Map<number, number>, after: Map<number, number>, main: number): number | null {
  const [first, second] = [...after]
    .filter(([tid]) => tid !== main)
    .map(([tid, time]) => ({ tid, time: time - (before.get(tid) ?? 0) }))
    .sort((a, b) => b.time - a.time);
  if (first === undefined || first.time <= CLEARLY * (second?.time ?? 0)) return null;
  return first.tid;
}

async function startEmbeddedOne(options: StartOptions): Promise<Running> {
  const template = await templateOf(options);
  const server = new Server({ env: ENV, fresh: true });
  cpSync(template, join(server.dataDir, 'db'), { recursive: true });
  const stop = () => server.dispose();
  try {
    await startPinned(server, options);
    const { pid } = server;
    const ask = async <T>(text: string): Promise<T | undefined> => {
      const { sql, close } = connect({ socketPath: shortSocketPath(server.dataDir, 'postgres') }, silent);
      try {
        return ((await sql.unsafe(text)) as unknown as T[])[0];
      } finally {
        await close();
      }
    };

    const before = threadTimes(pid);
    await ask(BUSY);
    const thread = busiest(before, threadTimes(pid), pid);
    if (thread === null)
      options.pinning.note(
        'the thread of the embedded database could not be told from others: it is not set aside',
      );
    else options.pinning.aside(thread);

    const databaseTime = () => (thread === null ? null : (threadTimes(pid).get(thread) ?? null));
    return {
      ...common(server, options),
      rows: async () =>
        (await ask<{ count: number }>('select count(*)::float8 as count from readings'))?.count ?? 0,
      processor: () => {
        const database = databaseTime();
        return { server: processTime(pid) - (database ?? 0), database };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const oursOnPostgres: Contestant = {
  name: 'ours-postgres',
  title: 'PM IoT, PostgreSQL',
  pipeline: false,
  missing: async () => (findPostgres() === null ? 'no PostgreSQL server is installed' : null),
  version,
  start: startOnPostgres,
};

export const oursEmbedded: Contestant = {
  name: 'ours-embedded',
  title: 'PM IoT, embedded database',
  pipeline: false,
  missing: async () => null,
  version,
  start: startEmbeddedOne,
};
