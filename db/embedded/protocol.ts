export interface WorkerInput {
  folder: string;
  socketPath: string;
}

export type FromWorker = { kind: 'ready' } | { kind: 'failed'; reason: string };
