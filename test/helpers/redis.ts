import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { HERE, type Place } from './place.ts';
import { until } from './wait.ts';

export interface RedisServer {
  url: string;
  port: number;
  pid(): number;
  /** In order, with all that it knows on its disk, or in the middle of whatever it does. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** `empty`: it has lost all that it knew. */
  start(how?: 'empty'): Promise<void>;
  /** It says nothing any more, and does not end: a hung machine. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its files. */
  dispose(): Promise<void>;
}

let found: boolean | null = null;

function hasRedis(): boolean {
  if (found === null) {
    try {
      execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
      found = true;
    } catch {
      found = false;
    }
  }
  return found;
}

/** A reason to skip a test that needs a Redis server; false when it can run. In CI nothing is skipped. */
export function redisMissing(): string | false {
  if (hasRedis() || process.env.CI === 'true') return false;
  return 'no Redis server is installed (Debian: apt-get install redis-server)';
}

/** It answers, and has read what it keeps. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write('PING\r\n'));
    socket.on('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString().startsWith('+PONG'));
    });
    socket.on('error', () => resolve(false));
  });
}

/** A server of its own in a temporary folder, that keeps what it knows in an append-only file. */
export async function startRedis(place: Place = HERE): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-redis-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const { address } = place;
  let child: ChildProcess | null = null;

  const running = () => child !== null && child.exitCode === null && child.signalCode === null;
  const start = async (how?: 'empty') => {
    if (how === 'empty') rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    const options = [
      ...['--port', String(port), '--bind', address, '--protected-mode', 'no', '--dir', data],
      ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--logfile', join(folder, 'log')],
    ];
    const [file, args] = place.within('redis-server', options);
    child = spawn(file, args, { stdio: 'ignore' });
    await until('Redis answers', () => answers(address, port));
  };
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    if (child === null || !running()) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };

  await start();
  return {
    url: `redis://${address}:${port}`,
    port,
    pid: () => child?.pid ?? 0,
    start,
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    dispose: async () => {
      child?.kill('SIGCONT');
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
