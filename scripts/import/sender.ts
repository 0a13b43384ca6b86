import { setTimeout as sleep } from 'node:timers/promises';
import { AwayError } from '../operator/exchange.ts';
import type { LocalServer } from '../operator/local-server.ts';

/** What the server takes in a request. */
const MAX_READINGS = 5000;
/** Bytes, less than the 2 MiB of the server by what is around the readings. */
const MAX_BYTES = 2 * 1024 * 1024 - 1024;
/** Readings of many hours take their time on a slow disk. */
const TIMEOUT_MS = 120_000;
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 5000;
const PATIENCE_MS = 30_000;

export interface Answer {
  stored: number;
  known: number;
  refused_total: number;
  refused: { index: number; code: string; message: string }[];
}

export interface SenderDeps {
  server: LocalServer;
  /** Devices that do not exist are made. */
  create: boolean;
  signal: AbortSignal;
  /** Told of each answer, with the numbers of the lines that it is about. */
  onAnswer: (answer: Answer, lines: readonly number[]) => void;
  /** Told once when the server does not answer, and is asked again for a while. */
  onAway: (why: string) => void;
  patienceMs?: number;
}

/** Sends readings in requests as large as the server takes, one after the other. */
export function createSender({ patienceMs = PATIENCE_MS, ...deps }: SenderDeps) {
  const { server, create, signal, onAnswer, onAway } = deps;
  const before = `{"create":${create},"readings":[`;
  let readings: string[] = [];
  let lines: number[] = [];
  let bytes = 0;

  const post = async (body: string): Promise<Answer> => {
    const started = performance.now();
    for (let delay = RETRY_MIN_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
      try {
        return await server.call<Answer>('POST', '/api/import', 'stored', body, TIMEOUT_MS);
      } catch (error) {
        if (!(error instanceof AwayError) || performance.now() - started > patienceMs) throw error;
        if (delay === RETRY_MIN_MS) onAway(error.message);
        await sleep(delay, undefined, { signal });
      }
    }
  };

  const flush = async (): Promise<void> => {
    if (readings.length === 0) return;
    const about = lines;
    const body = `${before}${readings.join(',')}]}`;
    readings = [];
    lines = [];
    bytes = 0;
    onAnswer(await post(body), about);
  };

  return {
    /** A reading as JSON. Waits for the server when a request is full. */
    add: async (reading: string, line: number): Promise<void> => {
      const size = Buffer.byteLength(reading) + 1;
      if (readings.length >= MAX_READINGS || bytes + size > MAX_BYTES) await flush();
      readings.push(reading);
      lines.push(line);
      bytes += size;
    },
    flush,
  };
}
