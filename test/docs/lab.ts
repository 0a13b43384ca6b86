import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ADMIN } from '../helpers/server.ts';
import { copyDatabase } from '../helpers/templates.ts';
import { ROOT } from './page.ts';

const START_LIMIT_MS = 120_000;
const LONGEST_MS = 5 * 60_000;
/** Of the folder of somebody who works on the program. */
const LEFT_OUT = new Set(['.git', '.env', 'data']);
/** A network of its own, in which the ports that pages name are free. Whoever is not root needs to be it in there. */
const NETWORK = ['--net', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
const ENTER = ['--net', ...(process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials'])];
const HOW =
  'no network of its own can be made (Debian: apt-get install util-linux iproute2; user namespaces or root are needed)';

/** A reason to skip what needs a lab; false when it can run. In CI nothing is skipped. */
export function labMissing(): string | false {
  if (process.env.CI === 'true') return false;
  const made = spawnSync('unshare', [...NETWORK, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' });
  return made.status === 0 ? false : HOW;
}

export const programMissing = (name: string): string | false =>
  process.env.CI === 'true' || spawnSync('which', [name], { stdio: 'ignore' }).status === 0
    ? false
    : `${name} is not installed`;

export interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Lab {
  /** The folder of the program, as somebody has it who has cloned and built it. */
  folder: string;
  /** `npm start`, on the ports that are the default. */
  startServer(): Promise<void>;
  /** What the server has said. */
  said(): string;
  bash(script: string): Promise<Run>;
  /** A command that does not end by itself; gives what ends it, as Ctrl+C does. */
  background(script: string): () => Promise<void>;
  /** A program that runs another one in the network of the lab, for whoever wants a file. */
  enterProgram(file: string): string;
  close(): Promise<void>;
}

interface LabOptions {
  /** Nothing is prepared: the first start makes the database, and prints a password. */
  fresh?: boolean;
}

function makeFolder(fresh: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-docs-'));
  for (const name of readdirSync(ROOT)) {
    if (LEFT_OUT.has(name)) continue;
    if (name === 'package.json') copyFileSync(join(ROOT, name), join(folder, name));
    else symlinkSync(join(ROOT, name), join(folder, name));
  }
  if (fresh) return folder;
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  copyDatabase(join(folder, 'data'));
  return folder;
}

/** Waits for the line that says so. */
async function ready(child: ChildProcess, said: string[]): Promise<void> {
  child.stderr?.on('data', (chunk) => said.push(String(chunk)));
  if (child.stdout === null) throw new Error('its output is not read');
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not ready in time\n${said.join('\n')}`)),
      START_LIMIT_MS,
    );
    lines.on('line', (line) => {
      said.push(line);
      if (!line.includes('"msg":"ready"')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code} before it was ready\n${said.join('\n')}`));
    });
  });
}

/** A folder and a network, in which the commands of a page are run as they stand there. */
export async function openLab({ fresh = false }: LabOptions = {}): Promise<Lab> {
  const holder = spawn('unshare', [...NETWORK, 'sh', '-c', 'ip link set lo up && echo up && exec sleep 1d'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const folder = makeFolder(fresh);
  const said: string[] = [];
  const { PATH } = process.env;
  const env = {
    ...{ PATH, HOME: folder, LANG: 'C.UTF-8', MIN_FREE_DISK: '64MiB' },
    ...(!fresh && { ADMIN_PASSWORD: ADMIN.password }),
  };
  const enter = ['--target', String(holder.pid), ...ENTER, '--'];
  let server: ChildProcess | null = null;

  const stopServer = async () => {
    const child = server;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const ended = once(child, 'close');
    // npm hands no signal on that it does not understand: the group has the program too.
    process.kill(-child.pid, 'SIGTERM');
    await ended;
  };

  return {
    folder,
    startServer: async () => {
      if (server !== null) return;
      server = spawn('nsenter', [...enter, 'npm', 'start'], {
        ...{ cwd: folder, env, detached: true },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      await ready(server, said);
    },
    said: () => said.join('\n'),
    bash: (script) =>
      new Promise((resolve) => {
        const options = { cwd: folder, env, timeout: LONGEST_MS, maxBuffer: 64 * 1024 * 1024 };
        execFile('nsenter', [...enter, 'bash', '--norc', '-c', script], options, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
        });
      }),
    background: (script) => {
      const child = spawn('nsenter', [...enter, 'bash', '--norc', '-c', script], {
        ...{ cwd: folder, env, detached: true },
        stdio: 'ignore',
      });
      return async () => {
        if (child.pid === undefined || child.exitCode !== null) return;
        const ended = once(child, 'close');
        process.kill(-child.pid, 'SIGINT');
        await ended;
      };
    },
    enterProgram: (file) => {
      const path = join(folder, 'enter');
      const quoted = ['nsenter', ...enter, file].map((word) => `'${word}'`).join(' ');
      writeFileSync(path, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
      return path;
    },
    close: async () => {
      await stopServer();
      holder.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
