import { rmSync } from 'node:fs';
import type { ConnectTarget } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import { createArchiveWriter, draftOf, keepDraft } from './archive-writer.ts';
import { readDataFiles } from './data-files.ts';
import { FILES, FORMAT, HEADER, type Header, OWN, SCHEMA, SETTINGS, type TableSum } from './format.ts';
import { createSums, type Snapshot, withSnapshot } from './source.ts';
import { checkSums, partName, sumsOf, verifyBackup } from './verify.ts';

const ASK_EVERY_BYTES = 8 * 1024 * 1024;

export interface Progress {
  step: 'copying' | 'writing' | 'verifying';
  /** Of bytes that are read; of the database this is what lies on the disk, so that `done` may stay below it. */
  done: number;
  total: number;
}

export interface BackupJob {
  /** Read in one transaction: see `withSnapshot` for what that asks of an embedded database. */
  target: ConnectTarget;
  dataDir: string;
  /** Text of an env file. */
  settings: string;
  /** A certificate and a key that the operator keeps elsewhere, by their file names in the backup. */
  ownFiles?: readonly { name: string; content: Buffer }[];
  /** The file to write: `.partial` beside it until it is whole and has been read back. It must not exist yet. */
  path: string;
  /** null: the file is readable by whoever gets hold of it. */
  passphrase: string | null;
  /** Of the program. */
  version: string;
  log: Log;
  now?: () => number;
  onProgress?: (progress: Progress) => void;
  /** Asked now and then while the file is being written; throws to end it. */
  mayGoOn?: () => Promise<void>;
}

export interface Backup {
  path: string;
  bytes: number;
  rows: number;
  tables: TableSum[];
  header: Header;
}

/**
 * Writes one file with all that makes a box what it is, whatever tables the database has and whatever migration it is at,
 * and reads it back. When it resolves the file is on the disk; when it rejects there is none.
 *
 * Before an upgrade's migrations: the embedded database has been started (`startEmbedded`) or the server answers, and
 * nothing else uses it yet:
 *
 *     await writeBackup({ target, dataDir, settings, path, passphrase, version, log });
 *
 * with `settings` of `config/settings-text.ts`, and `path` of `nextBackupPath` in `rotation.ts`. `ENOSPC` is thrown as it
 * comes: whether the upgrade goes on without a backup is not decided here.
 */
export async function writeBackup(job: BackupJob): Promise<Backup> {
  const { target, log, path } = job;
  // Of a backup that was cut: nobody else writes the same name.
  rmSync(draftOf(path), { force: true });
  const written = await withSnapshot(target, log, (snapshot) => writeDraft(job, snapshot));
  try {
    await verifyDraft(job, written);
    keepDraft(path);
  } catch (error) {
    rmSync(draftOf(path), { force: true });
    throw error;
  }
  return written;
}

async function writeDraft(job: BackupJob, snapshot: Snapshot): Promise<Backup> {
  const { target, dataDir, settings, ownFiles = [], path, passphrase, version, log, now = Date.now } = job;
  const createdAt = new Date(now());
  const { schema, level, postgres, bytes: total } = snapshot;
  const header: Header = {
    ...{ format: FORMAT, program: 'pm-iot', version, level, postgres },
    createdAt: createdAt.toISOString(),
    database: 'url' in target ? 'server' : 'embedded',
  };
  const archive = await createArchiveWriter(path, { passphrase, createdAt });
  try {
    await archive.add(HEADER, JSON.stringify(header));
    await archive.add(SETTINGS, settings);
    for (const { name, content } of ownFiles) await archive.add(`${OWN}${name}`, content);
    const skipped = (name: string) =>
      log.warn(
        { file: name },
        "a file in DATA_DIR is not backed up: it is large, one of very many, or a link to what is not its owner's",
      );
    for (const { name, content } of readDataFiles(dataDir, skipped)) {
      await archive.add(`${FILES}${name}`, content);
    }
    await archive.add(SCHEMA, JSON.stringify(schema));
    const sums = createSums();
    let done = 0;
    let asked = 0;
    for await (const part of snapshot.parts()) {
      sums.add(part);
      const table = schema.tables.indexOf(part.table);
      await archive.add(partName(table, part.number, part.text), part.text);
      done += part.text.length;
      if (archive.bytes > asked + ASK_EVERY_BYTES) {
        asked = archive.bytes;
        await job.mayGoOn?.();
      }
      job.onProgress?.({ step: 'writing', done: Math.min(done, total), total });
    }
    const tables = sumsOf(schema, new Map(schema.tables.map((table) => [table, sums.of(table)])));
    await archive.finish(tables);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    return { path, bytes: archive.bytes, rows, tables, header };
  } catch (error) {
    await archive.abandon();
    throw error;
  }
}

async function verifyDraft({ path, passphrase, onProgress }: BackupJob, { tables }: Backup): Promise<void> {
  const { manifest } = await verifyBackup(draftOf(path), passphrase, (done, total) =>
    onProgress?.({ step: 'verifying', done, total }),
  );
  checkSums({ tables }, manifest.tables);
}
