import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Server } from './server.ts';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** A program of the command line with an environment of its own. No `.env` of a developer is read. */
export function runTool(
  script: 'certs' | 'enroll',
  args: readonly string[],
  variables: Record<string, string>,
  cwd = tmpdir(),
): Promise<Ended> {
  const path = fileURLToPath(new URL(`../../scripts/${script}/main.js`, import.meta.url));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...variables };
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { env, cwd }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, stderr });
    });
  });
}

/** The same, as an operator runs it beside the server. */
export function runBeside(server: Server, script: 'certs' | 'enroll', ...args: string[]): Promise<Ended> {
  const variables = { DATA_DIR: server.dataDir, HTTP_PORT: String(server.ports.http) };
  return runTool(script, args, variables, server.dataDir);
}
