import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../test/helpers/free-port.ts';
import { certificate } from './certificate.ts';
import { startChild } from './child.ts';
import { untilConnack } from './connack.ts';
import type { Contestant } from './contestant.ts';
import { clientSpecs } from './devices.ts';
import { processTime } from './processes.ts';

/** Debian puts it where the path of a person does not look. */
export const findMosquitto = (): string | null =>
  ['/usr/sbin', ...(process.env.PATH ?? '').split(delimiter)]
    .map((folder) => join(folder, 'mosquitto'))
    .find((path) => existsSync(path)) ?? null;

export const mosquittoMissing = async () =>
  findMosquitto() === null ? 'Mosquitto is not installed (Debian: apt-get install mosquitto)' : null;

export function mosquittoVersion(): string {
  try {
    return execFileSync(findMosquitto() ?? 'mosquitto', ['-h'], { encoding: 'utf8' });
  } catch (error) {
    // It ends with 3 after its help.
    return String((error as { stdout?: unknown }).stdout ?? '');
  }
}

/** Nothing that it could do without, and no bound in its way. */
const configuration = (
  port: number,
  tlsPort: number,
  tls: { caPath: string; certPath: string; keyPath: string },
) => `
user root
log_type error
allow_anonymous true
persistence false
sys_interval 0
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
listener ${port} 127.0.0.1
listener ${tlsPort} 127.0.0.1
certfile ${tls.certPath}
keyfile ${tls.keyPath}
tls_version tlsv1.3
`;

/** It was seen to end as it started; another program may have taken a port that had just been free. */
const TRIES = 5;
const APART_MS = 1000;

export async function startMosquitto(onPid: (pid: number) => void) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(onPid);
    } catch (error) {
      if (attempt === TRIES) throw error;
      await sleep(APART_MS);
    }
  }
}

async function startOnce(onPid: (pid: number) => void) {
  const { ca, ...files } = await certificate();
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-bench-mosquitto-'));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const path = join(folder, 'mosquitto.conf');
  writeFileSync(path, configuration(port, tlsPort, files));
  const began = performance.now();
  const child = startChild(findMosquitto() ?? 'mosquitto', ['-c', path]);
  onPid(child.pid);
  const stop = async () => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const ended = child.ended.then(() => {
    throw new Error(`Mosquitto ended\n${child.errors()}`);
  });
  try {
    await Promise.race([untilConnack(port), ended]);
  } catch (error) {
    await stop();
    throw error;
  }
  ended.catch(() => {});
  return {
    pid: child.pid,
    port,
    tls: { port: tlsPort, ca },
    began,
    startedInMs: performance.now() - began,
    stop,
  };
}

export const mosquitto: Contestant = {
  name: 'mosquitto',
  title: 'Mosquitto (stores nothing)',
  pipeline: false,
  missing: mosquittoMissing,
  version: async () => /version (\S+)/.exec(mosquittoVersion())?.[1] ?? '',
  start: async ({ clients, pinning }) => {
    const { pid, port, tls, startedInMs, stop } = await startMosquitto(pinning.server);
    return {
      host: '127.0.0.1',
      port,
      tls,
      server: null,
      clients: clientSpecs(clients),
      rows: null,
      pids: [pid],
      processor: () => ({ server: processTime(pid), database: null }),
      startedInMs,
      stop,
    };
  },
};
