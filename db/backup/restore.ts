import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseEnv } from 'node:util';
import { openDataDir } from '../data-dir.ts';
import type { Log } from '../domain/ports.ts';
import { makeFolder } from '../durable-file.ts';
import { readArchive } from './archive-reader.ts';
import { isKept } from './data-files.ts';
import {
  DATA,
  DamagedBackupError,
  type DatabaseSchema,
  FILES,
  OWN,
  SETTINGS,
  type TableSum,
} from './format.ts';
import { intoServer, isInServer } from './into-server.ts';
import { checkLevel, type LoadJob, load } from './load.ts';
import { type Marker, readMarker, removeMarker, writeMarker } from './marker.ts';
import { asideIn, beginPlacing, draftIn, emptyDraft, oldNames, place } from './place.ts';
import { openEmbeddedSink, type Sink } from './sink.ts';
import type { Part } from './source.ts';
import { tableOfPart, type Verified, verifyBackup } from './verify.ts';

export interface RestoreOptions {
  file: string;
  passphrase: string | null;
  dataDir: string;
  /** null: into an embedded database. */
  url: string | null;
  /** What is there moves aside; otherwise nothing may be there. */
  replace: boolean;
  /** A secret that signs log-ins is set outside of DATA_DIR: the one of the backup goes nowhere. */
  jwtSecretIsSet: boolean;
  log: Log;
  onProgress: (step: 'verifying' | 'loading' | 'checking', done: number, total: number) => void;
  /** A line for whoever restores. */
  tell: (line: string) => void;
}

export interface Restored {
  verified: Verified;
  /** null: they had been loaded before this restore was cut off. */
  tables: TableSum[] | null;
}

/** As `readOrCreateSecret` takes it. */
const KEPT_SECRET = /^[\w-]{48,}$/;

/** The folder is not empty. */
export class NotEmptyError extends Error {}

/** What had been cut off was the restore of another file. */
export class OtherRestoreError extends Error {}

/**
 * Brings a backup back, all of it or nothing: it is put together beside its place, compared with what was backed up, and takes its
 * place only then. When it is cut off, the same call goes on or begins anew, and until then the program does not start. When
 * it rejects, what was there goes on: only a commit of which nobody knows whether the server has heard it keeps the program out.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { file, passphrase, dataDir, onProgress, tell } = options;
  const verified = await verifyBackup(file, passphrase, (done, total) =>
    onProgress('verifying', done, total),
  );
  checkLevel(verified.header.level, verified.header.version);
  const folder = await openDataDir(dataDir, { mayBeUnfinished: true });
  try {
    const cut = readMarker(folder.path);
    if (cut !== null && (await isLoaded(options, cut))) {
      tell(`The restore of ${cut.file} had been cut off at its end: it is finished now.`);
      finish(folder.path, cut);
      if (cut.file === file) return { verified, tables: null };
      throw new OtherRestoreError(
        `This box now is what ${cut.file} holds, and ${file} was not restored: if that is what you want, run this again with --replace`,
      );
    }
    const marker = begin(folder.path, options, cut);
    const tables = await gatherOrLeave(folder.path, marker, options, verified);
    finish(folder.path, marker);
    return { verified, tables };
  } finally {
    await folder.release();
  }
}

const isLoaded = async ({ url, log }: RestoreOptions, { phase, id }: Marker): Promise<boolean> =>
  phase === 'placing' || (url !== null && (await isInServer({ url, log, id })));

function begin(dataDir: string, { file, replace }: RestoreOptions, cut: Marker | null): Marker {
  // Whoever began it has said so.
  const mayReplace = replace || (cut !== null && cut.old.length > 0);
  const old = oldNames(dataDir);
  if (old.length > 0 && !mayReplace) {
    throw new NotEmptyError(
      `DATA_DIR ${dataDir} is not empty (${old.slice(0, 5).join(', ')}): set DATA_DIR to an empty folder, or let --replace move what is there aside`,
    );
  }
  const marker: Marker = {
    ...{ id: randomBytes(8).toString('hex'), file, phase: 'loading', old },
    aside: asideIn(dataDir),
  };
  writeMarker(dataDir, marker);
  return marker;
}

function finish(dataDir: string, marker: Marker): void {
  if (marker.phase === 'loading') beginPlacing(dataDir, marker);
  place(dataDir, marker);
}

/** Whoever restores and fails (no room, a database that is not empty) must be able to start again what is there. */
async function gatherOrLeave(
  dataDir: string,
  marker: Marker,
  options: RestoreOptions,
  verified: Verified,
): Promise<TableSum[]> {
  let mayBeCommitted = false;
  const isFilled = () => {
    mayBeCommitted = options.url !== null;
  };
  try {
    return await gather(dataDir, marker, options, verified, isFilled);
  } catch (error) {
    if (!mayBeCommitted) {
      rmSync(draftIn(dataDir), { recursive: true, force: true });
      removeMarker(dataDir);
    }
    throw error;
  }
}

async function gather(
  dataDir: string,
  { id }: Marker,
  options: RestoreOptions,
  verified: Verified,
  isFilled: () => void,
): Promise<TableSum[]> {
  const { url, log, replace, tell } = options;
  const draft = emptyDraft(dataDir);
  await writeFiles(draft, options);
  const fill = async (sink: Sink) => {
    const tables = await load(loadJob(sink, options, verified));
    isFilled();
    return tables;
  };
  if (url !== null) {
    const movedTo = (schemas: string[]) =>
      tell(`What was in the database is now in ${schemas.join(' and ')}.`);
    return await intoServer({ ...{ url, log, replace, id, movedTo } }, fill);
  }
  mkdirSync(join(draft, 'db'), { mode: 0o700 });
  const sink = await openEmbeddedSink(join(draft, 'db'));
  try {
    return await fill(sink);
  } finally {
    await sink.close();
  }
}

function loadJob(
  sink: Sink,
  { file, passphrase, onProgress, tell }: RestoreOptions,
  { header, manifest, schema }: Verified,
): LoadJob {
  const total = manifest.tables.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    ...{ sink, schema, level: header.level },
    parts: partsOfFile(file, passphrase, schema),
    expected: () => manifest.tables,
    onProgress: (step, done) => onProgress(step, done, total),
    leftOut: (tables) => tell(`Not of PM IoT, and left out: ${tables.join(', ')}.`),
  };
}

async function* partsOfFile(
  file: string,
  passphrase: string | null,
  schema: DatabaseSchema,
): AsyncGenerator<Part> {
  let number = 0;
  for await (const { name, content } of readArchive(file, passphrase)) {
    const table = tableOfPart(name, schema);
    if (table !== null) yield { table, number: ++number, text: content };
  }
}

/** Secrets, certificates and settings, which come first in the file. */
async function writeFiles(
  draft: string,
  { file, passphrase, jwtSecretIsSet, tell }: RestoreOptions,
): Promise<void> {
  let secret: string | undefined;
  for await (const { name, content } of readArchive(file, passphrase)) {
    if (name.startsWith(FILES)) put(draft, keptName(name.slice(FILES.length)), content);
    else if (name.startsWith(OWN)) put(draft, join('own-certificate', name.slice(OWN.length)), content);
    else if (name === SETTINGS) {
      put(draft, 'restored.env', content);
      secret = parseEnv(content.toString('utf8')).JWT_SECRET;
    } else if (name.startsWith(DATA)) break;
  }
  if (secret === undefined || jwtSecretIsSet) return;
  // What signed log-ins then, in place of a file that was not used.
  if (KEPT_SECRET.test(secret)) put(draft, 'jwt.secret', Buffer.from(`${secret}\n`));
  else tell('JWT_SECRET was set, and is in restored.env: set it here too, or people have to log in again.');
}

/** Whoever gives the CA to devices may be another user. */
const modeOf = (name: string): number => (name === join('certs', 'ca.crt') ? 0o644 : 0o600);

/** Only what a backup takes from a DATA_DIR: anything else would get in the way of what a restore itself puts there. */
function keptName(name: string): string {
  if (!isKept(normalize(name).split('/', 1)[0] ?? ''))
    throw new DamagedBackupError(`it names a file ${name}`);
  return name;
}

function put(draft: string, name: string, content: Buffer): void {
  const clean = normalize(name);
  if (clean.startsWith('..') || clean.startsWith('/'))
    throw new DamagedBackupError(`it names a file ${name}`);
  const path = join(draft, clean);
  makeFolder(dirname(path));
  // All of them reach the disk together: see `beginPlacing`.
  writeFileSync(path, content, { mode: modeOf(clean) });
}
