import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectTarget, isUnavailable } from './client.ts';
import type { Log } from './domain/ports.ts';
import { startEmbedded } from './embedded/index.ts';
import { watchRoom } from './embedded/room.ts';
import { migrate, type UpgradeCare } from './migrate.ts';
import { createPatience } from './patience.ts';
import { UpgradeError } from './upgrade/errors.ts';

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
  care: (target: ConnectTarget) => UpgradeCare;
}): Promise<OpenedDatabase> {
  const { dataDir, url, log, onCrash, care } = options;
  if (url === null) {
    const { stop, cut, ...target } = await startEmbedded({ dataDir, log, onCrash });
    try {
      // What a statement of a server does on a full disk is undone; the embedded engine would end, and could not start again.
      await migratePatiently(target, log, { ...care(target), watchRoom: () => watchRoom(dataDir, cut) });
    } catch (error) {
      await stop();
      throw error;
    }
    return { target, stop };
  }
  await migratePatiently({ url }, log, care({ url }));
  return { target: { url }, stop: async () => {} };
}

async function migratePatiently(target: ConnectTarget, log: Log, care: UpgradeCare): Promise<void> {
  const tell = createPatience(log);
  for (;;) {
    try {
      return await migrate(target, log, care);
    } catch (error) {
      // Whatever is behind an upgrade that failed, it is not tried again.
      if (error instanceof UpgradeError || !isUnavailable(error)) throw error;
      tell(error);
      await sleep(RETRY_MS);
    }
  }
}
