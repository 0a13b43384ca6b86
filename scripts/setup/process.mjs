import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SetUpError } from './errors.mjs';

/** The text of a file, or null when there is none. */
export function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  }
}

/** Runs a program to its end and gives its output and how it ended; a signal to us is handed on to it. */
export function run(program, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    const handOn = (signal) => child.kill(signal);
    process.on('SIGINT', handOn).on('SIGTERM', handOn);
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => reject(new SetUpError(`${program} could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      process.off('SIGINT', handOn).off('SIGTERM', handOn);
      const end = signal === null ? `exit code ${code}` : signal;
      resolve({ code, end, output: Buffer.concat(chunks).toString('utf8').trimEnd() });
    });
  });
}
