import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { handOver, makeFolder, writeFileDurably } from './durable-file.ts';
import { socketPathIn } from './socket-path.ts';

const MAX_ATTEMPTS = 100;
const LOOK_AGAIN_MS = 20;
const MUTEX_LIMIT_MS = 10_000;

/** Another process uses the folder. */
export class DataDirLockedError extends Error {}

/** A file of the folder is of no use, or gone; the message says what to do. A person has to, no restart mends that. */
export class DataDirDamagedError extends Error {}

/** The folder is none, or not ours to write: no restart mends that. */
export class DataDirUnusableError extends Error {}

const UNUSABLE = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG']);

export interface DataDir {
  path: string;
  release(): Promise<void>;
}

/** In the folder while a restore is not done: what is there is no whole, and nothing runs on it. */
export const RESTORE_MARKER = 'restoring.json';
/** What stands in it as the file where another database is being brought here. */
export const MIGRATE_DB = 'migrate-db';

/** Makes the folder (0700) and keeps others out while this process lives, whatever way it ends. */
export async function openDataDir(path: string, { mayBeUnfinished = false } = {}): Promise<DataDir> {
  const folder = resolve(path);
  if (!mayBeUnfinished && existsSync(join(folder, RESTORE_MARKER))) {
    throw new DataDirUnusableError(
      `a restore into DATA_DIR ${folder} was cut off: run it again (${cutCommand(folder)}), it goes on by itself`,
    );
  }
  try {
    // Who starts the program keeps what it makes.
    makeFolder(folder, () => {});
    chmodSync(folder, 0o700);
    const probe = join(folder, `.probe-${process.pid}`);
    writeFileDurably(probe, '', 0o600);
    rmSync(probe);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // Ours to write, and full: the database says so, and waits.
    if (code === 'ENOSPC') return await lockedFolder(folder);
    if (code === 'EROFS')
      throw new DataDirDamagedError(
        `DATA_DIR ${folder} is on a disk that is read-only: check it, and mount it anew`,
      );
    const why = `DATA_DIR ${folder} cannot be written (${message}): name a folder that this user may write`;
    throw UNUSABLE.has(code) ? new DataDirUnusableError(why) : new Error(why, { cause: error });
  }
  return await lockedFolder(folder);
}

/** As it must be typed again. */
function cutCommand(folder: string): string {
  try {
    const { file } = JSON.parse(readFileSync(join(folder, RESTORE_MARKER), 'utf8')) as { file?: unknown };
    if (file === MIGRATE_DB) return 'npm run migrate-db -- --to embedded';
    return `npm run restore -- ${typeof file === 'string' ? file : 'FILE'}`;
  } catch {
    return 'npm run restore -- FILE';
  }
}

async function lockedFolder(folder: string): Promise<DataDir> {
  const release = await hold(folder, 'lock', locked);
  return { path: folder, release };
}

/**
 * Keeps whoever asks for the same name of the same folder out while this process lives. `taken` makes the error for those,
 * of the folder and the id of the process that has it.
 */
export async function hold(
  folder: string,
  name: string,
  taken: (folder: string, holder: string) => Error,
): Promise<() => Promise<void>> {
  const { path, close } = socketPathIn(folder, name);
  try {
    const server = await lock(path, folder, taken);
    server.once('close', close);
    return () => new Promise((done) => server.close(() => done()));
  } catch (error) {
    close();
    throw error;
  }
}

/** Does a process hold this name of the folder? */
export const isHeld = async (folder: string, name: string): Promise<boolean> =>
  (await holderIn(folder, name)) !== null;

async function holderIn(folder: string, name: string): Promise<string | null> {
  if (!existsSync(folder)) return null;
  const { path, close } = socketPathIn(folder, name);
  return await holderOf(path).finally(close);
}

/**
 * A Unix socket that is listened on is a lock that ends with its process, even by a kill -9. To bind is exclusive; a
 * socket that was left behind is removed by one process at a time, and only after nobody answered on it once more.
 */
async function lock(
  path: string,
  folder: string,
  taken: (folder: string, holder: string) => Error,
): Promise<Server> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const server = await tryListen(path);
    if (server !== null) return server;
    const holder = await holderOf(path);
    if (holder !== null) throw taken(folder, holder);
    await removeLeftOver(path);
  }
  throw new DataDirLockedError(`DATA_DIR ${folder} is being opened by several processes at once`);
}

function locked(folder: string, holder: string): DataDirLockedError {
  return new DataDirLockedError(
    `DATA_DIR ${folder} is in use by process ${holder}: stop that one first, or give this one its own DATA_DIR`,
  );
}

async function removeLeftOver(path: string): Promise<void> {
  const mutex = `${path}.remove`;
  try {
    closeSync(openSync(mutex, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Its owner needs some milliseconds; one that was killed just then must not keep the folder closed.
    const age = Date.now() - (statSync(mutex, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    // A box without a clock has made it in the future.
    if (Math.abs(age) > MUTEX_LIMIT_MS) rmSync(mutex, { force: true });
    await sleep(LOOK_AGAIN_MS);
    return;
  }
  try {
    // Who has just bound it listens by then.
    await sleep(LOOK_AGAIN_MS);
    if ((await holderOf(path)) === null) rmSync(path, { force: true });
  } finally {
    rmSync(mutex, { force: true });
  }
}

function tryListen(path: string): Promise<Server | null> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.end(String(process.pid)));
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(null);
      else fail(error);
    });
    server.listen(path, () => {
      server.unref();
      chmodSync(path, 0o600);
      // The program must be able to find out whether it is in use, also after its end.
      handOver(path);
      done(server);
    });
  });
}

/** The id of the process that has the folder open; null when none has. `unknown`: it does not say, or not to this user. */
export const processOf = (folder: string): Promise<string | null> => holderIn(resolve(folder), 'lock');

/** The id of the process that listens there; null when nobody does. */
function holderOf(path: string): Promise<string | null> {
  return new Promise((done) => {
    const socket = connect(path);
    let text = '';
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') done(null);
      else done('unknown');
    });
    socket.on('close', () => done(text === '' ? 'unknown' : text));
  });
}

/** A random secret (base64url of `bytes` random bytes), made once and kept in `folder`. */
export function readOrCreateSecret(folder: string, name: string, bytes = 48): string {
  const path = join(folder, name);
  if (!existsSync(path)) writeFileDurably(path, `${randomBytes(bytes).toString('base64url')}\n`, 0o600);
  const secret = readFileSync(path, 'utf8').trim();
  // After a power cut a file may have its length, and nothing but zeros in it.
  if (secret.length < bytes || !/^[\w-]+$/.test(secret))
    throw new DataDirDamagedError(
      `${path} is damaged: restore it from a backup, or remove it, and a new one is made (people log in again)`,
    );
  return secret;
}

/** The CA is made before the secret: without its folder it has been lost, and a new one would lock all devices out. */
export function checkNothingLost(
  folder: string,
  { certificates, secret }: { certificates: string; secret: string },
): void {
  if (existsSync(join(folder, certificates)) || !existsSync(join(folder, secret))) return;
  throw new DataDirDamagedError(
    `${join(folder, certificates)} is gone, with the CA that devices trust: restore it from a backup; ` +
      'or make that folder, empty, and a new CA is made (devices must then trust the new one)',
  );
}
