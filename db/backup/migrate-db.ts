import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectTarget, connect } from '../client.ts';
import { takeForTransaction } from '../cluster/locks.ts';
import { MIGRATE_DB, openDataDir } from '../data-dir.ts';
import type { Log } from '../domain/ports.ts';
import { startThread } from '../embedded/thread.ts';
import { shortSocketPath } from '../socket-path.ts';
import type { TableSum } from './format.ts';
import { intoServer, TargetError } from './into-server.ts';
import { checkLevel, load } from './load.ts';
import { type Marker, readMarker } from './marker.ts';
import { asideIn, beginPlacing, emptyDraft, handOverAll, place } from './place.ts';
import { openEmbeddedSink, type Sink } from './sink.ts';
import { createSums, type Snapshot, withSnapshot } from './source.ts';
import { sumsOf } from './verify.ts';

export interface MigrateOptions {
  dataDir: string;
  /** null: the embedded database. */
  from: string | null;
  to: string | null;
  /** What is in the target moves aside; otherwise nothing may be there. */
  replace: boolean;
  log: Log;
  onProgress: (step: 'loading' | 'checking', done: number, total: number) => void;
  tell: (line: string) => void;
}

/**
 * Brings all rows into another database, and compares them there. The source stays as it is. The server must not run: what it
 * stored meanwhile would be left behind. Gives null where one that had been cut off at its end is finished.
 */
export async function migrateDatabase(options: MigrateOptions): Promise<TableSum[] | null> {
  const folder = await openDataDir(options.dataDir, { mayBeUnfinished: options.to === null });
  try {
    const cut = readMarker(folder.path);
    if (cut !== null) {
      finishCut(folder.path, cut, options.tell);
      return null;
    }
    return await withSource(options, (source) =>
      withSnapshot(source, options.log, (snapshot) => fillTarget(folder.path, options, snapshot)),
    );
  } finally {
    await folder.release();
  }
}

function finishCut(dataDir: string, cut: Marker, tell: (line: string) => void): void {
  if (cut.file !== MIGRATE_DB) {
    throw new TargetError(
      `a restore into DATA_DIR ${dataDir} was cut off: run it again first (npm run restore -- ${cut.file}), it goes on by itself`,
    );
  }
  place(dataDir, cut);
  if (cut.old.length > 0) tell(`The embedded database that was there is now in ${join(dataDir, cut.aside)}.`);
}

async function withSource<T>(
  { dataDir, from, log }: MigrateOptions,
  use: (source: ConnectTarget) => Promise<T>,
): Promise<T> {
  if (from !== null) return await alone(from, log, () => use({ url: from }));
  const folder = join(dataDir, 'db');
  if (!existsSync(folder)) throw new TargetError(`there is no embedded database in ${dataDir}: set DATA_DIR`);
  const socketPath = shortSocketPath(dataDir, 'backup-postgres');
  const thread = await startThread({ folder, socketPath });
  try {
    return await use({ socketPath });
  } finally {
    await thread.stop();
    rmSync(socketPath, { force: true });
    handOverAll(folder);
  }
}

/** Keeps servers of ours from using the database meanwhile. */
async function alone<T>(url: string, log: Log, use: () => Promise<T>): Promise<T> {
  const { sql, close } = connect({ url }, log, 1, { long: true });
  try {
    return (await sql.begin(async (tx) => {
      await tx.unsafe('set local idle_in_transaction_session_timeout to 0');
      const [lock] = await tx.unsafe<{ ok: boolean }[]>(takeForTransaction('use'));
      if (lock?.ok !== true) {
        throw new TargetError('a server uses the database of DATABASE_URL: stop it first, every node of it');
      }
      return await use();
    })) as T;
  } finally {
    await close();
  }
}

async function fillTarget(dataDir: string, options: MigrateOptions, snapshot: Snapshot): Promise<TableSum[]> {
  const { to, replace, log, tell } = options;
  checkLevel(snapshot.level, 'unknown');
  const fill = (sink: Sink) => load(loadJob(sink, options, snapshot));
  if (to !== null) {
    const movedTo = (schemas: string[]) => tell(`What was in the target is now in ${schemas.join(' and ')}.`);
    const id = randomBytes(8).toString('hex');
    return await intoServer({ ...{ url: to, log, replace, id, movedTo } }, fill);
  }
  const old = existsSync(join(dataDir, 'db')) ? ['db'] : [];
  if (old.length > 0 && !replace) {
    throw new TargetError(
      `there is an embedded database in ${dataDir} already: remove it, or let --replace move it aside`,
    );
  }
  const draft = emptyDraft(dataDir);
  mkdirSync(join(draft, 'db'), { mode: 0o700 });
  const sink = await openEmbeddedSink(join(draft, 'db'));
  let tables: TableSum[];
  try {
    tables = await fill(sink);
  } finally {
    await sink.close();
  }
  const marker: Marker = {
    ...{ id: randomBytes(8).toString('hex'), file: MIGRATE_DB, phase: 'placing', old },
    aside: asideIn(dataDir),
  };
  beginPlacing(dataDir, marker);
  place(dataDir, marker);
  if (old.length > 0) tell(`The embedded database that was there is now in ${join(dataDir, marker.aside)}.`);
  return tables;
}

function loadJob(sink: Sink, { onProgress, tell }: MigrateOptions, snapshot: Snapshot) {
  const { schema, level, bytes } = snapshot;
  const sums = createSums();
  const parts = async function* () {
    for await (const part of snapshot.parts()) {
      sums.add(part);
      yield part;
    }
  };
  return {
    ...{ sink, schema, level },
    parts: parts(),
    expected: () => sumsOf(schema, new Map(schema.tables.map((table) => [table, sums.of(table)]))),
    onProgress: (step: 'loading' | 'checking', done: number) =>
      onProgress(step, Math.min(done, bytes), bytes),
    leftOut: (tables: string[]) => tell(`Not of PM IoT, and left out: ${tables.join(', ')}.`),
  };
}
