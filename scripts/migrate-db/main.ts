import { resolve } from 'node:path';
import { VARIABLES } from '../../config/variables/index.ts';
import { migrateDatabase } from '../../db/backup/migrate-db.ts';
import { plainLog } from '../../db/domain/plain-log.ts';
import { localConfig } from '../operator/local-server.ts';
import { createStepLine } from '../operator/progress-line.ts';
import { tableLines } from '../operator/sizes.ts';
import { parseArguments, runCommand, UsageError } from '../operator/usage.ts';

const USAGE = `npm run migrate-db -- --to URL|embedded [options]    all data into another database; the server must not run

  --to URL     from the embedded database to a server: postgres://user@host:5432/database, the password in PGPASSWORD
  --to embedded    from the server of DATABASE_URL into DATA_DIR
  --replace    what is in the target moves aside; nothing is deleted

The source is left as it is.`;

const STEPS = { loading: 'loading', checking: 'comparing' };

function readArguments(args: string[]) {
  const options = { to: { type: 'string' }, replace: { type: 'boolean' } } as const;
  const { to, replace = false } = parseArguments({ args, options }).values;
  if (to === undefined) throw new UsageError('--to is needed');
  if (to === 'embedded') return { to: null, replace };
  const { allowed, parse } = VARIABLES.DATABASE_URL;
  if (parse(to, {}) === undefined) throw new UsageError(`--to must be embedded, or ${allowed}`);
  if (new URL(to).password !== '') {
    throw new UsageError(
      'every user of this machine could read the password of that URL: leave it out, and set PGPASSWORD instead',
    );
  }
  return { to, replace };
}

async function run(args: string[]): Promise<void> {
  const { to, replace } = readArguments(args);
  const config = localConfig();
  const from = config.databaseUrl;
  if (to === null && from === null) throw new UsageError('the database is the embedded one already');
  if (to !== null && from !== null) {
    throw new UsageError(
      'DATABASE_URL is set: from one server to another go with pg_dump, or through npm run backup and npm run restore',
    );
  }
  const line = createStepLine(process.stderr, 'loading', STEPS);
  line.start();
  try {
    const tables = await migrateDatabase({
      ...{ from, to, replace, log: plainLog(line.note), tell: line.note },
      dataDir: resolve(config.dataDir),
      onProgress: line.at,
    });
    line.stop();
    console.log(
      tables === null
        ? 'It had been cut off at its end, after all rows were compared: it is finished now.'
        : `Counted and compared in both databases, every row:\n${tableLines(tables).join('\n')}`,
    );
    console.log(
      to === null
        ? 'Now take DATABASE_URL out of the settings, and start the server. The other database is as it was.'
        : `Now set DATABASE_URL to this URL with its password, and start the server. ${resolve(config.dataDir, 'db')} is as it was: it may be removed once all is well.`,
    );
  } finally {
    line.stop();
  }
}

await runCommand(USAGE, run);
