import { plainLog } from '../domain/plain-log.ts';
import { type BackUpOptions, backUp } from './back-up.ts';
import { passphraseOfFile } from './passphrase.ts';
import { rotate } from './rotation.ts';

/** What a backup in a process of its own is told. Secrets come this way, not by arguments or the environment. */
export interface ChildJob
  extends Pick<BackUpOptions, 'dataDir' | 'url' | 'settings' | 'version' | 'minFree' | 'ownFiles'> {
  folder: string;
  /** Backups that stay. */
  keep: number;
  passphraseFile: string | null;
}

export type FromChild =
  | { kind: 'done'; path: string; bytes: number; rows: number; removed: number }
  | { kind: 'failed'; reason: string }
  | { kind: 'warning'; message: string };

function tell(message: FromChild): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(message, () => resolve());
  });
}

async function run({ folder, keep, passphraseFile, ...job }: ChildJob): Promise<void> {
  const log = plainLog((message) => void tell({ kind: 'warning', message }));
  /** The new one is good whether or not an old one can be removed: it must not be made again within the hour. */
  const removeOld = (): number => {
    try {
      return rotate(folder, keep).length;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.warn({}, `older backups cannot be removed (${why}), and the disk fills up: remove them`);
      return 0;
    }
  };
  try {
    const passphrase = passphraseFile === null ? null : passphraseOfFile(passphraseFile);
    const { path, bytes, rows } = await backUp({ ...job, passphrase, log, to: { folder } });
    await tell({ kind: 'done', path, bytes, rows, removed: removeOld() });
  } catch (error) {
    await tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
  process.disconnect();
}

// Nobody wants a backup any more whose server has ended.
process.once('disconnect', () => process.exit());
process.once('message', (job: ChildJob) => void run(job));
