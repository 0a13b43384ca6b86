import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectTarget, isUnavailable } from './client.ts';
import type { Log } from './domain/ports.ts';
import { startEmbedded } from './embedded/index.ts';
import { migrate } from './migrate.ts';

const RETRY_MS = 1000;

export interface OpenedDatabase {
  target: ConnectTarget;
  stop(): Promise<void>;
}

/**
 * The embedded database, or the server of `url` once it answers: after a power cut both machines start at once, and
 * the database may be the slower one. Up to date when it resolves.
 */
export async function openDatabase(options: {
  dataDir: string;
  url: string | null;
  log: Log;
  /** The embedded database has ended by itself. */
  onCrash: (error: Error) => void;
}): Promise<OpenedDatabase> {
  const { dataDir, url, log, onCrash } = options;
  if (url === null) {
    const { socketPath, stop } = await startEmbedded({ dataDir, log, onCrash });
    await migrate({ socketPath }, log);
    return { target: { socketPath }, stop };
  }
  for (;;) {
    try {
      await migrate({ url }, log);
      return { target: { url }, stop: async () => {} };
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      log.warn({ err: error }, 'the database is away: waiting for it');
      await sleep(RETRY_MS);
    }
  }
}
