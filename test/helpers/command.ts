import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Server } from './server.ts';

export interface Ended {
  /** null: a signal has ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export type Script =
  | 'backup'
  | 'certs'
  | 'doctor'
  | 'enroll'
  | 'import'
  | 'migrate-db'
  | 'password'
  | 'restore'
  | 'rollup'
  | 'simulate'
  | 'soak';

export interface Surroundings {
  variables?: Record<string, string>;
  cwd?: string;
  /** What it finds on its standard input. */
  input?: string;
  /** What runs it, such as a shell with a limit. */
  within?: readonly string[];
}

/** A program of the command line with an environment of its own. No `.env` of a developer is read. */
export function beginTool(
  script: Script,
  args: readonly string[],
  { variables = {}, cwd = tmpdir(), input = '', within = [] }: Surroundings,
) {
  const path = fileURLToPath(new URL(`../../scripts/${script}/main.js`, import.meta.url));
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, TMPDIR, ...variables };
  const [file = '', ...all] = [...within, process.execPath, path, ...args];
  const child = spawn(file, all, { env, cwd, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // One that reads nothing may have ended before.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const closed = once(child, 'close') as Promise<[number | null]>;
  return { child, ended: closed.then(([code]): Ended => ({ code, ...output })) };
}

export const runTool = (...given: Parameters<typeof beginTool>): Promise<Ended> => beginTool(...given).ended;

/** The same, as an operator runs it beside the server. */
export function runBeside(server: Server, script: Script, ...args: string[]): Promise<Ended> {
  return runWithInput('', server, script, ...args);
}

export function runWithInput(
  input: string,
  server: Server,
  script: Script,
  ...args: string[]
): Promise<Ended> {
  const variables = { DATA_DIR: server.dataDir, HTTP_PORT: String(server.ports.http) };
  return runTool(script, args, { variables, cwd: server.dataDir, input });
}
