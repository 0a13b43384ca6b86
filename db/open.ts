import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectTarget, isUnavailable } from './client.ts';
import type { Log } from './domain/ports.ts';
import { startEmbedded } from './embedded/index.ts';
import { migrate } from './migrate.ts';
import { createPatience } from './patience.ts';

const RETRY_MS = 1000;

export interface OpenedDatabase {
  /** `folder`: where the files of the embedded database are. */
  target: { url: string } | { socketPath: string; folder: string };
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
    const { stop, ...target } = await startEmbedded({ dataDir, log, onCrash });
    try {
      await migratePatiently(target, log);
    } catch (error) {
      await stop();
      throw error;
    }
    return { target, stop };
  }
  await migratePatiently({ url }, log);
  return { target: { url }, stop: async () => {} };
}

async function migratePatiently(target: ConnectTarget, log: Log): Promise<void> {
  const tell = createPatience(log);
  for (;;) {
    try {
      return await migrate(target, log);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      tell(error);
      await sleep(RETRY_MS);
    }
  }
}
