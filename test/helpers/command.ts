import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Server } from './server.ts';

/** A program of the command line, as an operator runs it beside the server. */
export function runBeside(
  server: Server,
  script: 'certs' | 'enroll',
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const path = fileURLToPath(new URL(`../../scripts/${script}/main.js`, import.meta.url));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, DATA_DIR: server.dataDir, HTTP_PORT: String(server.ports.http) };
  return new Promise((resolve) => {
    execFile(process.execPath, [path, ...args], { env, cwd: server.dataDir }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout, stderr });
    });
  });
}
