import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { settingsText } from '../../config/settings-text.ts';
import { backUp } from '../../db/backup/back-up.ts';
import { ownFilesOf } from '../../db/backup/own-files.ts';
import { checkedPassphrase, passphraseOfFile } from '../../db/backup/passphrase.ts';
import type { Progress } from '../../db/backup/write-backup.ts';
import { plainLog } from '../../db/domain/plain-log.ts';
import { packageVersion } from '../../server/foundation.ts';
import { localConfig } from '../operator/local-server.ts';
import { readPassphrase } from '../operator/passphrase.ts';
import { createStepLine } from '../operator/progress-line.ts';
import { sizeText, tableLines } from '../operator/sizes.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';

const USAGE = `npm run backup [-- options]    one file with all that this box is; the server may run meanwhile, and need not

  --out FILE             the file to write (a new one in BACKUP_DIR, by default DATA_DIR/backups)
  --encrypt              asks for a passphrase, or reads it from standard input, one line
  --passphrase-file F    the passphrase is the first line of this file (BACKUP_PASSPHRASE_FILE)`;

const STEPS: Record<Progress['step'], string> = {
  copying: 'copying the database aside',
  writing: 'writing',
  verifying: 'reading it back',
};

function readArguments(args: string[]) {
  const text = { type: 'string' } as const;
  const options = { out: text, encrypt: { type: 'boolean' }, 'passphrase-file': text } as const;
  const {
    out,
    encrypt = false,
    'passphrase-file': passphraseFile,
  } = parseArguments({ args, options }).values;
  if (encrypt && passphraseFile !== undefined)
    throw new UsageError('--encrypt or --passphrase-file, not both');
  return { out, encrypt, passphraseFile };
}

/** Before anything is read: a place that is none should not cost anybody a wait. */
function checkFolder(out: string): void {
  const folder = dirname(resolve(out));
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${folder} cannot be written (${message}): name another file with --out`);
  }
}

async function backup(args: string[]): Promise<void> {
  const { out, encrypt, passphraseFile } = readArguments(args);
  if (out !== undefined) checkFolder(out);
  const config = localConfig();
  const file = passphraseFile ?? config.backup.passphraseFile;
  let passphrase: string | null = null;
  if (encrypt) passphrase = checkedPassphrase(await readPassphrase({ twice: true }), 'what was given');
  else if (file !== null) passphrase = passphraseOfFile(file);

  const line = createStepLine(process.stderr, 'copying', STEPS);
  line.start();
  try {
    const made = await backUp({
      dataDir: resolve(config.dataDir),
      url: config.databaseUrl,
      to: out === undefined ? { folder: resolve(config.backup.folder) } : { path: resolve(out) },
      settings: settingsText(process.env),
      ownFiles: ownFilesOf(config.tlsFiles),
      version: packageVersion(),
      minFree: config.minFreeDisk,
      ...{ passphrase, log: plainLog(line.note) },
      onProgress: ({ step, done, total }) => line.at(step, done, total),
    });
    line.stop();
    const { path, bytes, rows, tables } = made;
    console.error(`${rows} rows, read back and as they were:\n${tableLines(tables).join('\n')}`);
    console.error(
      passphrase === null
        ? `${sizeText(bytes)}; it holds every secret of this box, and is not encrypted: keep it where only you get at it.`
        : `${sizeText(bytes)}, encrypted: without the passphrase nobody can restore it.`,
    );
    // Alone on standard output, so that a script can take it.
    console.log(path);
  } finally {
    line.stop();
  }
}

await runCommand(USAGE, backup);
