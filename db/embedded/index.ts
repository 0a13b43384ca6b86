import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Log } from '../domain/ports.ts';
import { syncPath, syncTree } from '../durable-file.ts';
import { shortSocketPath } from '../socket-path.ts';
import { DatabaseVersionError } from '../upgrade/errors.ts';
import { diskTrouble, waitForRoom } from './room.ts';
import { startThread, type Thread } from './thread.ts';

/** Of PGlite, as it is locked in package-lock.json. */
const POSTGRES_MAJOR = '18';

/** The engine does not start on its files; the message says what to do. */
export class EmbeddedFailedError extends Error {}

export interface EmbeddedDatabase {
  /** Of the Unix socket that speaks the PostgreSQL protocol. */
  socketPath: string;
  /** Where its files are. */
  folder: string;
  stop(): Promise<void>;
  /** At once, as a power cut does. */
  cut(): void;
}

/**
 * PostgreSQL inside the process, in a thread of its own. A disk that is full or read-only ends it, but not the process: it is
 * started again once it can write, and until then whoever asks it something hears that the database is away. `onCrash`: it
 * ended for any other reason, nothing can be stored any more.
 */
export async function startEmbedded(options: {
  dataDir: string;
  log: Log;
  onCrash: (error: Error) => void;
}): Promise<EmbeddedDatabase> {
  const { dataDir, log, onCrash } = options;
  const folder = join(dataDir, 'db');
  const socketPath = shortSocketPath(dataDir, 'postgres');
  const stopping = new AbortController();
  refuseOtherMajor(folder);

  const begin = async (): Promise<Thread> => {
    for (;;) {
      try {
        if (!existsSync(folder)) await createDatabase(folder, log);
        checkIsDatabase(folder);
        return await startThread({ folder, socketPath });
      } catch (error) {
        const trouble = diskTrouble(error);
        if (trouble === null) throw failed(folder, error);
        log.error({ err: error, folder }, `the embedded database waits: ${trouble}`);
        await waitForRoom(dataDir, stopping.signal);
      }
    }
  };

  let thread = await begin();
  const keepUp = async () => {
    for (;;) {
      const reason = await thread.ended;
      if (stopping.signal.aborted) return;
      const error = new Error(`the embedded database ended: ${reason}`);
      const trouble = diskTrouble(error);
      if (trouble === null) throw error;
      log.error(
        { err: error, folder },
        `the embedded database is started again once it can write: ${trouble}`,
      );
      // While its disk is not mounted, nothing is to be made in its place.
      do await waitForRoom(dataDir, stopping.signal);
      while (!existsSync(folder));
      thread = await begin();
      if (stopping.signal.aborted) return await thread.stop();
      log.info({ folder }, 'the embedded database is back');
    }
  };
  const kept = keepUp().catch((error: unknown) => {
    if (!stopping.signal.aborted) onCrash(error instanceof Error ? error : new Error(String(error)));
  });
  return {
    socketPath,
    folder,
    stop: async () => {
      stopping.abort();
      await thread.stop();
      await kept;
    },
    cut: () => {
      stopping.abort();
      thread.cut();
    },
  };
}

/** Where this file is missing, the engine would make a new, empty database over what is there. */
function checkIsDatabase(folder: string): void {
  if (!existsSync(join(folder, 'PG_VERSION'))) throw new Error('there is no file PG_VERSION in it');
}

function failed(folder: string, error: unknown): EmbeddedFailedError {
  const reason = error instanceof Error ? error.message : String(error);
  const advice = /permission denied/i.test(reason)
    ? 'let this user write there'
    : `it is damaged, or not there at all: mount its disk, or restore a backup; an empty one is made once ${folder} is moved away`;
  return new EmbeddedFailedError(
    `the embedded database in ${folder} cannot be opened: ${advice} (${reason})`,
    {
      cause: error,
    },
  );
}

/** The files of one major version of PostgreSQL are of no use to another, which would say so in its own words. */
function refuseOtherMajor(folder: string): void {
  const path = join(folder, 'PG_VERSION');
  if (!existsSync(path)) return;
  const found = readFileSync(path, 'utf8').trim();
  if (found === POSTGRES_MAJOR) return;
  throw new DatabaseVersionError(
    `${folder} is of PostgreSQL ${found}, and the embedded database of this version of PM IoT is PostgreSQL ${POSTGRES_MAJOR}: ` +
      'start the version that wrote it again and take a backup (npm run backup), which every later version can restore ' +
      '(npm run restore -- FILE --replace). See docs/upgrade.md',
  );
}

/**
 * Made beside its place: a first start that is cut leaves nothing that looks like a database. In a worker of its own,
 * whose end gives back the memory that it took.
 */
async function createDatabase(folder: string, log: Log): Promise<void> {
  log.info({ folder }, 'making the embedded database: a few seconds');
  const draft = `${folder}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const { ended } = await startThread({ folder: draft, socketPath: null });
  await ended;
  // The engine syncs its WAL alone here: without this, a power cut within half a minute leaves files of no length.
  syncTree(draft);
  renameSync(draft, folder);
  syncPath(dirname(folder));
}
