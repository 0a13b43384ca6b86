export interface WorkerInput {
  folder: string;
  /** null: make the database, and end. */
  socketPath: string | null;
  /** The folder is thrown away afterwards: nothing needs to reach the disk. */
  passing?: boolean;
}

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'failed'; reason: string }
  /** The engine has aborted; the thread ends. */
  | { kind: 'aborted'; reason: string };
