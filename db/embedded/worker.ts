import { chmodSync, rmSync } from 'node:fs';
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
  const db = await PGlite.create({ fs: new DurableFS(folder), startParams });
  if (socketPath === null) {
    await db.close();
    return null;
  }
  rmSync(socketPath, { force: true });
  // One for the pool, and room for its successor while a lost connection is still being noticed.
  const server = new PGLiteSocketServer({ db, path: socketPath, maxConnections: 4 });
  await server.start();
  chmodSync(socketPath, 0o600);
  return { db, server };
}

start().then(
  (running) => {
    tell({ kind: 'ready' });
    if (running === null) return port.close();
    const { db, server } = running;
    port.once('message', () => {
      void (async () => {
        await server.stop();
        await db.close();
        port.close();
      })();
    });
  },
  (error: unknown) => {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    port.close();
  },
);
