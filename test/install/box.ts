import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../helpers/wait.ts';

const run = promisify(execFile);
const START_LIMIT_MS = 5 * 60_000;
const ENVIRONMENT = [
  'HOME=/root',
  'LANG=C',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

export interface Ran {
  status: number | null;
  output: string;
}

export interface Box {
  /** Its files, from outside. */
  root: string;
  path(inside: string): string;
  /** A command in it, by root. */
  run(...command: string[]): Promise<Ran>;
  /** The same, and it must end with 0. */
  do(...command: string[]): Promise<string>;
  start(...command: string[]): ChildProcess;
  /** A program of this machine on its network. */
  near(...command: string[]): Promise<Ran>;
}

const joined = (child: ChildProcess) => {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  return once(child, 'close').then(([status]): Ran => ({ status: status as number | null, output }));
};

/** The first process inside: a child of nspawn that is number 1 there. At first a child only makes the one that stays. */
function innerOf(pid: number): number | null {
  try {
    const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    const numbers = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1];
    return numbers?.endsWith('\t1') ? Number(child) : null;
  } catch {
    // It has ended meanwhile.
    return null;
  }
}

/**
 * A machine of its own for the time of a test: a Debian over which it writes, with processes and a network (loopback alone) of its
 * own. `boots`: with systemd as its first process; without, as in a chroot or an image of a container.
 */
export async function openBox(t: TestContext, tree: string, boots: boolean): Promise<Box> {
  const folder = mkdtempSync('/var/tmp/pm-iot-box-');
  const at = (name: string) => join(folder, name);
  for (const name of ['up', 'work', 'root']) mkdirSync(at(name));
  const layers = `lowerdir=${tree.replaceAll(':', '\\:')},upperdir=${at('up')},workdir=${at('work')}`;
  await run('mount', ['-t', 'overlay', 'overlay', '-o', layers, at('root')]);
  const first = boots ? ['--boot', '--console=pipe'] : ['--as-pid2', '--console=pipe', 'sleep', 'infinity'];
  const options = ['--quiet', '--register=no', '--keep-unit', '--private-network', '--link-journal=no'];
  const machine = spawn(
    'setpriv',
    // A test that is killed takes its machine with it.
    ['--pdeathsig', 'KILL', 'systemd-nspawn', ...options, '-D', at('root'), ...first],
    { stdio: 'ignore' },
  );
  let inner: number | null = null;
  t.after(async () => {
    if (machine.exitCode === null) {
      // The first process takes all of the box with it.
      process.kill(innerOf(machine.pid ?? 0) ?? machine.pid ?? 0, 'SIGKILL');
      await once(machine, 'exit');
    }
    await run('umount', [at('root')]).catch(() => run('umount', ['--lazy', at('root')]));
    rmSync(folder, { recursive: true, force: true });
  });

  const within = (namespaces: string[], command: string[]) =>
    spawn('nsenter', ['-t', String(inner), ...namespaces, '--', ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const start = (...command: string[]) => within(['-a'], ['/usr/bin/env', '-i', ...ENVIRONMENT, ...command]);
  const box: Box = {
    root: at('root'),
    path: (inside) => join(at('root'), inside),
    run: (...command) => joined(start(...command)),
    do: async (...command) => {
      const { status, output } = await box.run(...command);
      if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${output}`);
      return output;
    },
    start,
    near: (...command) => joined(within(['-n'], command)),
  };
  const ready = boots ? ['systemctl', 'is-system-running'] : ['test', '-e', '/proc/self/status'];
  const isReady = ({ status, output }: Ran) => (boots ? /^(running|degraded)/.test(output) : status === 0);
  let seen = '';
  await until(
    'the box runs',
    async () => {
      inner = innerOf(machine.pid ?? 0);
      if (inner === null) return false;
      const ran = await box.run(...ready);
      seen = ran.output;
      return isReady(ran);
    },
    () => seen,
    START_LIMIT_MS,
  );
  return box;
}
