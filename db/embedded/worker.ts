import { chmodSync, rmSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { collectGarbage } from '../collect-garbage.ts';
import type { FromWorker, WorkerInput } from './protocol.ts';
import { START_PARAMS } from './start-params.ts';
import { WatchedFS } from './watched-fs.ts';

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker');

const { folder, socketPath, passing = false } = workerData as WorkerInput;
const tell = (message: FromWorker) => port.postMessage(message);
const fs = new WatchedFS(folder, () => {
  tell({ kind: 'aborted', reason: fs.lastWords });
  process.exit(1);
});

/** As the file system of Emscripten tells it, in the numbers of WASI. */
const WORDS: Record<number, string> = {
  51: 'No space left on device',
  69: 'Read-only file system',
  2: 'Permission denied',
};

function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const isErrno = typeof error === 'object' && error !== null && 'errno' in error;
  if (!isErrno) return String(error);
  return WORDS[Number(error.errno)] ?? `file system error ${String(error.errno)}`;
}

async function start() {
  const db = await PGlite.create({ fs, startParams: [...START_PARAMS, ...(passing ? ['-F'] : [])] });
  if (socketPath === null) {
    await db.close();
    return null;
  }
  rmSync(socketPath, { force: true });
  // One for the pool, and room for its successor while a lost connection is still being noticed.
  const server = new PGLiteSocketServer({ db, path: socketPath, maxConnections: 4 });
  await server.start();
  chmodSync(socketPath, 0o600);
  await collectGarbage();
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
    tell({
      kind: 'failed',
      reason: [reasonOf(error), fs.lastWords].filter((text) => text !== '').join(': '),
    });
    port.close();
  },
);
