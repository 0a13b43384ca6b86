import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { HERE, type Place } from './place.ts';
import { templateOf } from './templates.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';

export interface Postgres {
  url: string;
  port: number;
  /** What it has logged so far. */
  readLog(): string;
  /** `immediate` is a crash: the server recovers at its next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** It says nothing any more, and does not end: a hung machine. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Stops it and removes its files. */
  dispose(): Promise<void>;
}

/** The folder of `initdb` and `pg_ctl`, newest version first; null on a machine without a PostgreSQL server. */
export function findPostgres(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return (
    folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl'))) ?? null
  );
}

/** A reason to skip a test that needs a PostgreSQL server; false when it can run. In CI nothing is skipped. */
export function postgresMissing(): string | false {
  if (findPostgres() !== null || process.env.CI === 'true') return false;
  return 'no PostgreSQL server is installed (Debian: apt-get install postgresql)';
}

const asRoot = process.getuid?.() === 0;

/** PostgreSQL refuses to run as root. */
function program(name: string, args: string[]): [string, string[]] {
  const bin = findPostgres();
  if (bin === null) throw new Error('no PostgreSQL server is installed');
  return asRoot ? ['runuser', ['-u', 'postgres', '--', join(bin, name), ...args]] : [join(bin, name), args];
}

async function call(folder: string, name: string, args: string[]): Promise<void> {
  const [file, all] = program(name, args);
  await run(file, all, { cwd: folder });
}

/** A folder with a cluster in `data` and the password of its user `pm` in `password`. */
export async function makeCluster(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, randomBytes(12).toString('hex'), { mode: 0o600 });
  if (asRoot) await run('chown', ['-R', 'postgres', folder]);
  await call(folder, 'initdb', [
    '-D',
    join(folder, 'data'),
    '-U',
    'pm',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--no-sync',
  ]);
}

export interface PostgresOptions {
  /** The host that it runs on, and listens on. */
  place?: Place;
  connections?: number;
  /** Logs whoever waits for another transaction for a second, and what takes three. */
  logWaits?: boolean;
}

/** A server of its own in a temporary folder (made in `parent`), with fsync on and a password. */
export async function startPostgres(
  parent = tmpdir(),
  { place = HERE, connections = 50, logWaits = false }: PostgresOptions = {},
): Promise<Postgres> {
  const folder = mkdtempSync(join(parent, 'pm-iot-postgres-'));
  const data = join(folder, 'data');
  const template = templateOf('postgres');
  // `cp` keeps the owner.
  if (template !== null) await run('cp', ['-a', `${template}/.`, folder]);
  else await makeCluster(folder);
  const password = readFileSync(join(folder, 'password'), 'utf8');
  const port = await freePort();
  const { address } = place;
  if (place !== HERE) appendFileSync(join(data, 'pg_hba.conf'), 'host all all all scram-sha-256\n');

  const start = async () => {
    const options = `-p ${port} -c listen_addresses=${address} -c unix_socket_directories='' -c max_connections=${connections}${logWaits ? ' -c log_lock_waits=on -c log_min_duration_statement=3000' : ''}`;
    const [file, args] = program('pg_ctl', [
      'start',
      '-w',
      '-t',
      '60',
      '-D',
      data,
      '-l',
      join(folder, 'log'),
      '-o',
      options,
    ]);
    // The server inherits the pipes of pg_ctl, which would then never end.
    const [outer, all] = place.within(file, args);
    const child = spawn(outer, all, { cwd: folder, stdio: 'ignore' });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    if (code !== 0) throw new Error(`pg_ctl start ended with ${code}, see ${join(folder, 'log')}`);
  };
  const stop = (mode: 'fast' | 'immediate' = 'fast') =>
    call(folder, 'pg_ctl', ['stop', '-w', '-t', '60', '-D', data, '-m', mode]);

  const signal = async (name: 'STOP' | 'CONT') => {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
    process.kill(pid, `SIG${name}`);
    await run('pkill', [`-${name}`, '-P', String(pid)]);
  };

  await start();
  return {
    url: `postgres://pm:${password}@${address}:${port}/postgres${place === HERE ? '' : '?sslmode=disable'}`,
    port,
    readLog: () => readFileSync(join(folder, 'log'), 'utf8'),
    start,
    stop,
    freeze: () => signal('STOP'),
    thaw: () => signal('CONT'),
    dispose: async () => {
      // It may have been stopped already.
      await signal('CONT').catch(() => {});
      await stop('immediate').catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
