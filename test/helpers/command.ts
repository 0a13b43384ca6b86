import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Server } from './server.ts';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

type Script = 'certs' | 'enroll' | 'password';

/** A program of the command line, as an operator runs it beside the server. */
export function runBeside(server: Server, script: Script, ...args: string[]): Promise<Ran> {
  return runWithInput('', server, script, ...args);
}

/** `input`: what it finds on its standard input. */
export function runWithInput(input: string, server: Server, script: Script, ...args: string[]): Promise<Ran> {
  const path = fileURLToPath(new URL(`../../scripts/${script}/main.js`, import.meta.url));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATA_DIR: server.dataDir, HTTP_PORT: String(server.ports.http) };
  return new Promise((resolve) => {
    const options = { env, cwd: server.dataDir };
    const child = execFile(process.execPath, [path, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, stderr });
    });
    // One that reads nothing may have ended before.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
