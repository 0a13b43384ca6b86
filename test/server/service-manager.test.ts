import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServiceManager } from '../../server/service-manager.ts';
import { until } from '../helpers/wait.ts';

/** Node has no datagram sockets of Unix: one line for each that comes. */
const RECEIVER = `
import os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("listening", flush=True)
while True:
    words, files, _, _ = socket.recv_fds(receiver, 4096, 4)
    print(words.decode().replace("\\n", " "), flush=True)
    # systemd-notify waits until its barrier is closed.
    for file in files:
        os.close(file)
`;

function missing(): string | false {
  if (process.env.CI === 'true') return false;
  for (const program of ['systemd-notify', 'python3']) {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' });
    } catch {
      return `${program} is not installed (Debian: apt-get install systemd python3)`;
    }
  }
  return false;
}

const skip = missing();
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, fatal: () => {} };

async function receive(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-notify-'));
  const socket = join(folder, 'notify');
  const child: ChildProcess = spawn('python3', ['-c', RECEIVER, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const words: string[] = [];
  assert.ok(child.stdout);
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  lines.on('line', (line) => words.push(line));
  const heard = (pattern: RegExp) => words.filter((line) => pattern.test(line)).length;
  return { socket, words, heard };
}

void test('systemd is told of the start, of being ready with its watchdog, and of the stop, in order', {
  skip,
}, async (t) => {
  const { socket, words, heard } = await receive(t);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    NOTIFY_SOCKET: socket,
    WATCHDOG_USEC: '300000',
    WATCHDOG_PID: String(process.pid),
  };
  const manager = createServiceManager({ env, log: QUIET });
  assert.deepEqual(Object.keys(env), ['PATH'], 'what it starts must not speak for it');
  await until('the start is told', () => heard(/EXTEND_TIMEOUT_USEC=60000000/) === 1);
  assert.equal(heard(/WATCHDOG=1/), 0, 'a start may take its time');
  manager.ready('serving mqtts 8883');
  await until('the watchdog is fed', () => heard(/WATCHDOG=1/) >= 2);
  manager.stopping();
  await until('the stop is told', () => heard(/STOPPING=1/) === 1);
  const order = words.filter((line) => !/WATCHDOG|BARRIER/.test(line));
  assert.match(order[0] ?? '', /STATUS=starting/);
  assert.match(order[1] ?? '', /READY=1.*STATUS=serving mqtts 8883/);
  assert.match(order[2] ?? '', /STOPPING=1/);
});

void test('an event loop that hangs is silent', { skip }, async (t) => {
  const { socket, heard } = await receive(t);
  const hung = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { createServiceManager } = await import(${JSON.stringify(new URL('../../server/service-manager.js', import.meta.url).href)});
       const manager = createServiceManager({ env: process.env, log: console });
       manager.ready('x');
       process.stdin.once('data', () => { for (;;); });`,
    ],
    {
      env: { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000' },
      stdio: ['pipe', 'inherit', 'inherit'],
    },
  );
  t.after(() => hung.kill('SIGKILL'));
  await until('the watchdog is fed', () => heard(/WATCHDOG=1/) >= 2);
  hung.stdin?.write('hang\n');
  // Those that were on their way are over after a second; three more would have come in the next.
  await sleep(1000);
  const before = heard(/WATCHDOG=1/);
  await sleep(1000);
  assert.equal(heard(/WATCHDOG=1/), before);
});

void test('a watchdog of another process is none of ours, and without systemd nothing is said', {
  skip,
}, async (t) => {
  const { socket, heard } = await receive(t);
  const env = { PATH: process.env.PATH, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '30000', WATCHDOG_PID: '1' };
  const manager = createServiceManager({ env, log: QUIET });
  manager.ready('x');
  manager.stopping();
  await until('the stop is told', () => heard(/STOPPING=1/) === 1);
  assert.equal(heard(/WATCHDOG=1/), 0);
  createServiceManager({ env: {}, log: QUIET }).ready('x');
});

void test('who cannot be told is told of once, and nothing else comes of it', async () => {
  const warnings: unknown[] = [];
  const log = { ...QUIET, warn: (about: unknown) => warnings.push(about) };
  const manager = createServiceManager({ env: { PATH: '/nonexistent', NOTIFY_SOCKET: '/nonexistent' }, log });
  manager.ready('x');
  manager.stopping();
  await until('it is told', () => warnings.length > 0);
  await sleep(100);
  assert.equal(warnings.length, 1);
});
