import { resolve } from 'node:path';
import { isEncrypted } from '../../db/backup/archive-reader.ts';
import { passphraseOfFile } from '../../db/backup/passphrase.ts';
import { restore } from '../../db/backup/restore.ts';
import { plainLog } from '../../db/domain/plain-log.ts';
import { localConfig } from '../operator/local-server.ts';
import { readPassphrase } from '../operator/passphrase.ts';
import { createStepLine } from '../operator/progress-line.ts';
import { tableLines } from '../operator/sizes.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';

const USAGE = `npm run restore -- FILE [options]    makes this box what another one was when FILE was written; the server must not run

  --replace              what is in DATA_DIR and in the database moves aside; nothing is deleted
  --passphrase-file F    of an encrypted backup (BACKUP_PASSPHRASE_FILE); else it is asked for, or read from standard input

DATABASE_URL decides where the database goes, whatever it was in before: to that server, or into DATA_DIR.`;

const STEPS = { verifying: 'checking the file', loading: 'loading', checking: 'comparing' };

function readArguments(args: string[]) {
  const options = { replace: { type: 'boolean' }, 'passphrase-file': { type: 'string' } } as const;
  const { positionals, values } = parseArguments({ args, options, allowPositionals: true });
  const [file, ...more] = positionals;
  if (file === undefined) throw new UsageError('the file of a backup is needed');
  if (more.length > 0) throw new UsageError('one file is all');
  return { file, replace: values.replace === true, passphraseFile: values['passphrase-file'] };
}

async function run(args: string[]): Promise<void> {
  const { file, replace, passphraseFile } = readArguments(args);
  const config = localConfig();
  const path = resolve(file);
  const keptIn = passphraseFile ?? config.backup.passphraseFile;
  let passphrase: string | null = null;
  if (await isEncrypted(path)) {
    passphrase = keptIn === null ? await readPassphrase({ twice: false }) : passphraseOfFile(keptIn);
  }
  const line = createStepLine(process.stderr, 'verifying', STEPS);
  line.start();
  try {
    const { verified, tables } = await restore({
      ...{ file: path, passphrase, replace, log: plainLog(line.note), tell: line.note },
      dataDir: resolve(config.dataDir),
      url: config.databaseUrl,
      jwtSecretIsSet: config.jwtSecret !== null,
      onProgress: line.at,
    });
    line.stop();
    const { createdAt, version, database } = verified.header;
    console.log(`Restored: the box as it was at ${createdAt} (version ${version}, ${database} database).`);
    if (tables !== null) {
      console.log(`Counted and compared with the backup, every row:\n${tableLines(tables).join('\n')}`);
    }
    console.log(
      `Its settings are in ${resolve(config.dataDir, 'restored.env')}: compare them with those of this box. Then start the server.`,
    );
  } finally {
    line.stop();
  }
}

await runCommand(USAGE, run);
