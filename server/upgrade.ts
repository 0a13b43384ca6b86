import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { settingsText } from '../config/settings-text.ts';
import { ownFilesOf } from '../db/backup/own-files.ts';
import { claimFolder } from '../db/backup/owner.ts';
import { passphraseOfFile } from '../db/backup/passphrase.ts';
import { writeBackup } from '../db/backup/write-backup.ts';
import type { ConnectTarget } from '../db/client.ts';
import type { UpgradeCare } from '../db/migrate.ts';
import { createUpgradeCare } from '../db/upgrade/backup.ts';

export interface UpgradeDeps {
  config: Pick<Config, 'upgradeBackup' | 'backup' | 'tlsFiles'>;
  dataDir: string;
  version: string;
  log: Logger;
}

/** Backs the box up before a new version changes the tables of its database. */
export function careForUpgrade({ config, dataDir, version, log }: UpgradeDeps) {
  const { passphraseFile } = config.backup;
  const folder = resolve(config.backup.folder);
  return (target: ConnectTarget): UpgradeCare =>
    createUpgradeCare({
      mode: config.upgradeBackup,
      folder,
      embedded: 'socketPath' in target,
      encrypted: passphraseFile !== null,
      log,
      now: Date.now,
      claim: () => claimFolder(folder, dataDir),
      write: (path, onProgress) =>
        writeBackup({
          ...{ target, dataDir, path, version, log, onProgress },
          settings: settingsText(process.env),
          ownFiles: ownFilesOf(config.tlsFiles),
          passphrase: passphraseFile === null ? null : passphraseOfFile(passphraseFile),
        }),
    });
}
