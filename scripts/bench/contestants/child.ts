import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';

const STOP_LIMIT_MS = 5000;

/** A process under test that says nothing of use on its standard output. */
export function startChild(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  return watched(spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env }));
}

/** A program of ours, built beside this file, that sends one message once it is ready. */
export async function startProgram<T>(url: URL, input: object, onPid: (pid: number) => void) {
  const child = fork(url, [JSON.stringify(input)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  });
  const process = watched(child);
  onPid(process.pid);
  const failed = process.ended.then(() => {
    throw new Error(`${url.pathname} ended before it was ready\n${process.errors()}`);
  });
  const [ready] = (await Promise.race([once(child, 'message'), failed])) as [T];
  failed.catch(() => {});
  return { ...process, ready };
}

function watched(child: ChildProcess) {
  const { pid } = child;
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors = (errors + String(chunk)).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      errors += error.message;
      resolve();
    });
  });
  if (pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
  return {
    pid,
    ended,
    /** The end of what it wrote to its standard error. */
    errors: () => errors,
    stop: async () => {
      child.kill();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
