import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Rest } from '../../test/helpers/rest.ts';
import { residentMiB } from '../load-test/resident.ts';
import type { BenchDatabase } from './database.ts';
import { say, seconds, whole } from './progress.ts';

const SAMPLE_MS = 1000;
/** What a slow reader takes at a time, and how long it rests after it. */
const SLOW_BYTES = 256 * 1024;
const SLOW_REST_MS = 250;
const NEWLINE = 10;

export interface ExportResult {
  reader: 'fast' | 'slow';
  rows: number;
  bytes: number;
  seconds: number;
  /** Resident memory of the program, MiB. */
  start: number;
  median: number;
  most: number;
  /** MiB a minute, of a line through what was sampled. */
  slope: number;
}

function watchMemory(pid: number) {
  const began = performance.now();
  const samples: { at: number; mib: number }[] = [];
  const sample = () => {
    const mib = residentMiB(pid);
    if (mib !== null) samples.push({ at: seconds(began), mib });
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    sample();
    const sorted = samples.map(({ mib }) => mib).sort((a, b) => a - b);
    return {
      start: samples[0]?.mib ?? 0,
      median: sorted[sorted.length >> 1] ?? 0,
      most: sorted.at(-1) ?? 0,
      slope: slopeOf(samples.slice(samples.length >> 1)) * 60,
    };
  };
}

/** Least squares. */
function slopeOf(samples: readonly { at: number; mib: number }[]): number {
  const mean = (pick: (sample: { at: number; mib: number }) => number) =>
    samples.reduce((sum, sample) => sum + pick(sample), 0) / samples.length;
  const [at, mib] = [mean((sample) => sample.at), mean((sample) => sample.mib)];
  const over = mean((sample) => (sample.at - at) * (sample.mib - mib));
  const under = mean((sample) => (sample.at - at) ** 2);
  return under === 0 ? 0 : over / under;
}

function lines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

async function request(rest: Rest, path: string): Promise<IncomingMessage> {
  const headers = { Authorization: `Bearer ${rest.token}` };
  const [answer] = (await once(get(rest.url + path, { headers }), 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
  return answer;
}

interface ReadOptions {
  reader: ExportResult['reader'];
  /** After which a slow reader leaves. */
  limitMs: number;
}

async function read(
  rest: Rest,
  pid: number,
  path: string,
  { reader, limitMs }: ReadOptions,
): Promise<ExportResult> {
  const ended = watchMemory(pid);
  const began = performance.now();
  const answer = await request(rest, path);
  let [bytes, rows, sinceRest] = [0, -1, 0];
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    rows += lines(chunk);
    sinceRest += chunk.length;
    if (reader === 'fast' || sinceRest < SLOW_BYTES) continue;
    sinceRest = 0;
    if (performance.now() - began > limitMs) break;
    await sleep(SLOW_REST_MS);
  }
  const result = { reader, rows, bytes, seconds: seconds(began), ...ended() };
  say(
    `CSV to a ${reader} reader: ${whole(rows)} rows, ${whole(rows / result.seconds)} a second; memory ${result.start} → ${result.median}, at most ${result.most} MiB`,
  );
  return result;
}

/** Memory of the program itself while it sends all readings of a device. The database is left to it. */
export async function exportCsv(
  { server, release }: BenchDatabase,
  deviceId: string,
  readings: number,
  slowMs: number,
): Promise<ExportResult[]> {
  await release();
  await server.start();
  const rest = await new Rest(server).logIn();
  const path = `/api/devices/${deviceId}/readings`;
  // Nothing that is done at a start counts.
  await sleep(SAMPLE_MS);
  const slow = await read(rest, server.pid, path, { reader: 'slow', limitMs: slowMs });
  const fast = await read(rest, server.pid, path, { reader: 'fast', limitMs: 0 });
  if (fast.rows !== readings) throw new Error(`${fast.rows} rows of ${readings} readings`);
  return [fast, slow];
}
