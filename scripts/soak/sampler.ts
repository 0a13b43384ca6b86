import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentMiB } from '../load-test/resident.ts';
import type { House } from './house.ts';
import { listWidgets } from './people.ts';

const MIB = 2 ** 20;

/** MiB, milliseconds, pieces. NaN: not to be had. */
export interface Sample {
  /** Since the beginning of the load. */
  seconds: number;
  heap: number;
  resident: number;
  external: number;
  /** Open file handles that are no socket. */
  files: number;
  /** Open sockets that are no connection of a client. */
  sockets: number;
  connections: number;
  /** 99th percentile since the sample before. */
  loopLag: number;
  ackP50: number;
  ackP99: number;
  commandP50: number;
  commandP99: number;
  pollP50: number;
  pollP99: number;
  /** Widgets with a command that has not ended. */
  waiting: number;
  /** Messages of the absent observer. */
  queued: number;
  /** Acknowledged so far. */
  readings: number;
  database: number;
  wal: number;
  /** Of one processor, since the sample before. Percent. */
  processor: number;
}

/** The first value under this name, with labels or without. */
function metric(text: string, name: string): number {
  const line = text
    .split('\n')
    .find((each) => each.startsWith(name) && /^[ {]/.test(each.slice(name.length)));
  return Number(line?.split(' ').at(-1) ?? Number.NaN);
}

function walBytes(dataDir: string): number {
  try {
    const folder = join(dataDir, 'db', 'pg_wal');
    return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  } catch {
    // Of a server of its own, or a file is being renamed.
    return Number.NaN;
  }
}

/** All open file handles, by what they are. */
function openHandles(pid: number): { files: number; sockets: number } {
  const folder = `/proc/${pid}/fd`;
  const handles = { files: 0, sockets: 0 };
  for (const name of readdirSync(folder)) {
    try {
      if (readlinkSync(join(folder, name)).startsWith('socket:')) handles.sockets++;
      else handles.files++;
    } catch {
      // It was closed meanwhile.
    }
  }
  return handles;
}

export function createSampler({ server, rest, tally, signal }: House) {
  const began = performance.now();
  const { pid } = server;
  let before = { at: began, processor: Number.NaN };

  async function take(): Promise<Sample> {
    const text = await rest.expect<string>(200, 'GET', '/api/metrics');
    const { files, sockets } = openHandles(pid);
    const system = await rest.expect<{ database: { bytes: number | null } }>(200, 'GET', '/api/system');
    const waiting = (await listWidgets(rest)).filter(({ pending }) => pending !== null).length;
    const { acknowledgement, command, poll } = tally.takeLatencies();
    const now = { at: performance.now(), processor: metric(text, 'process_cpu_seconds_total') };
    const processor = ((now.processor - before.processor) / (now.at - before.at)) * 100_000;
    before = now;
    const connections = metric(text, 'pm_iot_connections');
    return {
      seconds: (now.at - began) / 1000,
      heap: metric(text, 'nodejs_heap_size_used_bytes') / MIB,
      resident: residentMiB(pid) ?? Number.NaN,
      external: metric(text, 'nodejs_external_memory_bytes') / MIB,
      files,
      sockets: sockets - connections,
      connections,
      loopLag: metric(text, 'nodejs_eventloop_lag_p99_seconds') * 1000,
      ...{ ackP50: acknowledgement.at(0.5), ackP99: acknowledgement.at(0.99) },
      ...{ commandP50: command.at(0.5), commandP99: command.at(0.99) },
      ...{ pollP50: poll.at(0.5), pollP99: poll.at(0.99) },
      waiting,
      queued: metric(text, 'pm_iot_mqtt_queued_messages'),
      readings: tally.counted('readings acknowledged'),
      database: (system.database.bytes ?? Number.NaN) / MIB,
      wal: walBytes(server.dataDir) / MIB,
      processor,
    };
  }

  return {
    /** Samples until the load ends, or the server does. */
    async watch(everyMs: number, onSample: (sample: Sample) => void): Promise<void> {
      for (let turn = 1; !signal.aborted && server.alive; turn++) {
        const next = began + everyMs * turn - performance.now();
        await sleep(Math.max(0, next), undefined, { signal }).catch(() => {});
        if (signal.aborted) return;
        await take().then(onSample, (error: unknown) => tally.fault('a sample', error));
      }
    },
  };
}
