import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Server } from './server.ts';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

type Script =
  | 'backup'
  | 'certs'
  | 'doctor'
  | 'enroll'
  | 'import'
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
}

/** A program of the command line with an environment of its own. No `.env` of a developer is read. */
export function runTool(
  script: Script,
  args: readonly string[],
  { variables = {}, cwd = tmpdir(), input = '' }: Surroundings,
): Promise<Ended> {
  const path = fileURLToPath(new URL(`../../scripts/${script}/main.js`, import.meta.url));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...variables };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [path, ...args], { env, cwd }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, stderr });
    });
    // One that reads nothing may have ended before.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

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
