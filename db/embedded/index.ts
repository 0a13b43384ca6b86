import { existsSync } from 'node:fs';
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
  if (!existsSync(folder)) log.info({ folder }, 'making the embedded database: a few seconds');
  const input: WorkerInput = { folder, socketPath: shortSocketPath(dataDir, 'postgres') };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: input,
    // Not those of the main program, which may make no sense for a worker.
    execArgv: ['--enable-source-maps'],
  });
  let stopping = false;
  worker.on('error', (error) => {
    if (!stopping) onCrash(error instanceof Error ? error : new Error(String(error)));
  });
  const ended = new Promise<number>((resolve) => worker.once('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    worker.once('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve();
      else reject(new Error(`the embedded database did not start: ${message.reason}`));
    });
    void ended.then((code) => reject(new Error(`the embedded database ended with code ${code}`)));
  });
  void ended.then((code) => {
    if (!stopping) onCrash(new Error(`the embedded database ended with code ${code}`));
  });
  return {
    socketPath: input.socketPath,
    stop: async () => {
      stopping = true;
      worker.postMessage('stop');
      const timer = setTimeout(() => void worker.terminate(), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
