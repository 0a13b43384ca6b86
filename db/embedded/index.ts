import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '../domain/ports.ts';
import { shortSocketPath } from '../socket-path.ts';
import type { FromWorker, WorkerInput } from './protocol.ts';

const STOP_LIMIT_MS = 5000;

export interface EmbeddedDatabase {
  /** Of the Unix socket that speaks the PostgreSQL protocol. */
  socketPath: string;
  stop(): Promise<void>;
}

/** PostgreSQL inside the process, in a thread of its own. `onCrash`: it ended by itself, nothing can be stored any more. */
export async function startEmbedded(options: {
  dataDir: string;
  log: Log;
  onCrash: (error: Error) => void;
}): Promise<EmbeddedDatabase> {
  const { dataDir, log, onCrash } = options;
  const folder = join(dataDir, 'db');
  if (!existsSync(folder)) await createDatabase(folder, log);
  const socketPath = shortSocketPath(dataDir, 'postgres');
  const worker = startWorker({ folder, socketPath });
  let stopping = false;
  worker.on('error', (error) => {
    if (!stopping) onCrash(error instanceof Error ? error : new Error(String(error)));
  });
  const ended = endOf(worker);
  await ready(worker, ended);
  void ended.then((code) => {
    if (!stopping) onCrash(new Error(`the embedded database ended with code ${code}`));
  });
  return {
    socketPath,
    stop: async () => {
      stopping = true;
      worker.postMessage('stop');
      const timer = setTimeout(() => void worker.terminate(), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function startWorker(input: WorkerInput): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), {
    workerData: input,
    // Not those of the main program, which may make no sense for a worker.
    execArgv: ['--enable-source-maps'],
  });
}

const endOf = (worker: Worker) => new Promise<number>((resolve) => worker.once('exit', resolve));

function ready(worker: Worker, ended: Promise<number>): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve();
      else reject(new Error(`the embedded database did not start: ${message.reason}`));
    });
    worker.once('error', reject);
    void ended.then((code) => reject(new Error(`the embedded database ended with code ${code}`)));
  });
}

/**
 * Made beside its place: a first start that is cut leaves nothing that looks like a database. In a worker of its own,
 * whose end gives back the memory that it took.
 */
async function createDatabase(folder: string, log: Log): Promise<void> {
  log.info({ folder }, 'making the embedded database: a few seconds');
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const worker = startWorker({ folder: draft, socketPath: null });
  const ended = endOf(worker);
  await ready(worker, ended);
  await ended;
  renameSync(draft, folder);
}
