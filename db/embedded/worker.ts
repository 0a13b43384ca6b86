import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { DurableFS } from './durable-fs.ts';
import type { FromWorker, WorkerInput } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker');

const { folder, socketPath } = workerData as WorkerInput;
const tell = (message: FromWorker) => port.postMessage(message);

async function start() {
  // PGlite starts PostgreSQL with -F, which turns fsync off: an acknowledged reading must survive a power cut.
  const startParams = [
    ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
    '-c',
    'wal_sync_method=fsync',
  ];
  const open = (path: string) => PGlite.create({ fs: new DurableFS(path), startParams });
  if (!existsSync(folder)) {
    // Made beside its place: a first start that is cut leaves nothing that looks like a database.
    const draft = `${folder}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    await (await open(draft)).close();
    renameSync(draft, folder);
  }
  const db = await open(folder);
  rmSync(socketPath, { force: true });
  // One for the pool, and room for its successor while a lost connection is still being noticed.
  const server = new PGLiteSocketServer({ db, path: socketPath, maxConnections: 4 });
  await server.start();
  chmodSync(socketPath, 0o600);
  return { db, server };
}

start().then(
  ({ db, server }) => {
    port.once('message', () => {
      void (async () => {
        await server.stop();
        await db.close();
        port.close();
      })();
    });
    tell({ kind: 'ready' });
  },
  (error: unknown) => {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    port.close();
  },
);
