import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { type Config, WORKER_VARIABLE } from '../config/index.ts';
import { openDataDir } from '../db/data-dir.ts';
import { atMost } from '../db/domain/within.ts';
import type { ListenerPorts } from './index.ts';
import { type Asked, createBoxMetrics } from './worker-metrics.ts';
import type { WorkerWord } from './worker-words.ts';

/** Until a worker that has ended is started again: the first time, and at most. */
const BACKOFF_MS = 1000;
const BACKOFF_MAX_MS = 30_000;
/** A worker that has lived so long did not end because of how it was started. */
const SOUND_AFTER_MS = 60_000;
/** Of the 10 s that a stop may take. */
const STOP_LIMIT_MS = 9800;

/** A worker has ended before it was ready; it has said why. */
export class WorkerStartError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`a worker ended with ${code} before it was ready`);
    this.code = code;
  }
}

export interface WorkersDeps {
  config: Pick<Config, 'dataDir' | 'workers'>;
  log: Logger;
  /** No worker is left, though none was told to stop. */
  onDrained: () => void;
}

export interface Workers {
  ports: ListenerPorts;
  /** For all of them: they end in order. Resolves with the exit code once none is left. */
  stop(signal: NodeJS.Signals): Promise<number>;
  /** All of them are drained; `onDrained` tells when they have ended. */
  drain(): void;
}

/**
 * The processes that share the listeners of this machine: each is a node. The first one makes what is made once
 * (certificates, secrets, the first admin) before the others start. One that ends is started again.
 */
export async function startWorkers({ config, log, onDrained }: WorkersDeps): Promise<Workers> {
  const dataDir = await openDataDir(config.dataDir);
  const living = new Map<number, Worker>();
  let ending = false;
  let draining = false;
  let failure = 0;
  const ready = new Map<Worker, Asked>();
  const metrics = createBoxMetrics({ workers: config.workers, ready: () => ready.values() });

  const drain = () => {
    if (draining || ending) return;
    draining = true;
    for (const worker of living.values()) worker.process.kill('SIGUSR2');
  };

  /** Resolves once it is ready. Rejects with WorkerStartError when it ends before. */
  const start = (number: number, fails = 0): Promise<ListenerPorts> => {
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(number) });
    const startedAt = performance.now();
    living.set(number, worker);
    return new Promise((resolve, reject) => {
      // One that is ending is past answering.
      const asked: Asked = { tell: (word) => void worker.send(word, () => {}) };
      worker.on('message', (word: WorkerWord) => {
        if (word.kind === 'ready') {
          ready.set(worker, asked);
          resolve(word.ports);
        } else if (word.kind === 'drain') drain();
        else if (word.kind === 'measured') {
          if (ready.has(worker)) metrics.told(asked, word.id, word.metrics);
        } else {
          const { id } = word;
          metrics.text().then(
            (text) => asked.tell({ kind: 'metrics', id, text }),
            (error: unknown) => log.error({ err: error }, 'what the workers measure cannot be put together'),
          );
        }
      });
      worker.on('error', (error) => log.error({ err: error, worker: number }, 'a worker is in trouble'));
      worker.once('exit', (code: number | null, signal: string | null) => {
        living.delete(number);
        const wasReady = ready.delete(worker);
        metrics.ended(asked);
        if (!wasReady) reject(new WorkerStartError(code ?? 1));
        if (ending || draining) {
          failure ||= code ?? 0;
          if (draining && living.size === 0 && !ending) onDrained();
          return;
        }
        if (!wasReady && fails === 0) return;
        const next = performance.now() - startedAt > SOUND_AFTER_MS ? 1 : fails + 1;
        const pause = Math.min(BACKOFF_MS * 2 ** (next - 1), BACKOFF_MAX_MS);
        log.error({ worker: number, code, signal, pause }, 'a worker has ended: it is started again');
        setTimeout(() => {
          if (!ending && !draining) start(number, next).catch(() => {});
        }, pause);
      });
    });
  };

  const stop = async (signal: NodeJS.Signals): Promise<number> => {
    ending = true;
    const gone = [...living.values()].map(async (worker) => {
      const exited = once(worker, 'exit');
      worker.process.kill(signal);
      await exited;
    });
    await atMost(STOP_LIMIT_MS, Promise.all(gone), null);
    for (const worker of living.values()) worker.process.kill('SIGKILL');
    await dataDir.release();
    return failure;
  };

  try {
    const ports = await start(1);
    const others = Array.from({ length: config.workers - 1 }, (_, index) => start(index + 2));
    await Promise.all(others);
    return { ports, stop, drain };
  } catch (error) {
    await stop('SIGTERM');
    throw error;
  }
}
