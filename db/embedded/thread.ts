import { Worker } from 'node:worker_threads';
import type { FromWorker, WorkerInput } from './protocol.ts';

const STOP_LIMIT_MS = 5000;

export interface Thread {
  /** Resolves with the reason once it has ended by itself or was stopped. */
  ended: Promise<string>;
  stop(): Promise<void>;
  /** Waits for no statement. */
  cut(): void;
}

/** Resolves once the database answers (or, without a socket, has been made); rejects with the reason when it cannot. */
export async function startThread(input: WorkerInput): Promise<Thread> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: input,
    // Not those of the main program, which may make no sense for a worker.
    execArgv: ['--enable-source-maps'],
  });
  let reason: string | null = null;
  worker.on('error', (error) => {
    reason ??= error instanceof Error ? error.message : String(error);
  });
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code) => resolve(reason ?? `it ended with code ${code}`));
  });
  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve();
      else reason = message.reason;
    });
    void ended.then((why) => reject(new Error(`the embedded database did not start: ${why}`)));
  });
  await ready;
  return {
    ended,
    stop: async () => {
      worker.postMessage('stop');
      const timer = setTimeout(() => void worker.terminate(), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
    cut: () => void worker.terminate(),
  };
}
