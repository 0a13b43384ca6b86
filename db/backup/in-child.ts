import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Log } from '../domain/ports.ts';
import type { ChildJob, FromChild } from './child.ts';

export interface ChildBackup {
  path: string;
  bytes: number;
  rows: number;
  /** Older ones that are gone. */
  removed: number;
}

/**
 * A backup in a process of its own: it does not take turns with devices, runs with less priority, and its end gives all
 * memory back. Rejects with the reason when there is no backup; `signal` ends it.
 */
export async function backUpInChild(job: ChildJob, log: Log, signal: AbortSignal): Promise<ChildBackup> {
  const child = fork(fileURLToPath(new URL('./child.js', import.meta.url)), [], {
    // Not those of the main program, which may make no sense for another.
    execArgv: ['--enable-source-maps'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const kill = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    return await new Promise<ChildBackup>((resolve, reject) => {
      child.on('error', reject);
      child.on('message', (message: FromChild) => {
        if (message.kind === 'warning') log.warn({}, message.message);
        else if (message.kind === 'failed') reject(new Error(message.reason));
        else {
          const { path, bytes, rows, removed } = message;
          resolve({ path, bytes, rows, removed });
        }
      });
      child.on('exit', (code, by) => reject(new Error(`the backup ended with ${by ?? code}`)));
      child.send(job, (error) => {
        if (error !== null) reject(error);
      });
    });
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
