import { setTimeout as sleep } from 'node:timers/promises';
import { residentMiB } from '../../load-test/resident.ts';
import { PAYLOAD } from '../contestants/devices.ts';
import type { ProcessorTime } from '../contestants/processes.ts';
import type { Load, LoadResult } from '../load/protocol.ts';
import type { BenchContext, Turn } from './measure.ts';

const SAMPLE_EVERY_MS = 250;

export interface Window {
  result: LoadResult;
  /** Acknowledged messages a second. */
  perSecond: number;
  /** Rows that came meanwhile, a second; null where nothing is stored or rows are only counted in the end. */
  rowsPerSecond: number | null;
  /** Milliseconds of processor time for 1,000 messages (pipelines: for 1,000 rows). */
  cost: ProcessorTime;
  /** Resident memory of what is under test at most. */
  peakMiB: number;
  /** `performance.now()` when the load began. */
  began: number;
}

export const memoryOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + (residentMiB(pid) ?? 0), 0);

/** Connects all clients; false (and a fault) when not all get in. */
export async function connectAll(
  context: BenchContext,
  { running, contestant, load }: Turn,
): Promise<boolean> {
  const { host, port, clients } = running;
  const { connected } = await load.connect({ host, port }, clients, PAYLOAD);
  if (connected === clients.length) return true;
  context.fault(`${contestant.title}: ${connected} of ${clients.length} clients connected`);
  return false;
}

/** One load, and what it cost those under test within the measured window. */
export async function measureWindow(context: BenchContext, turn: Turn, what: Load): Promise<Window> {
  const { warmUpMs, measureMs, fault } = context;
  const { running, contestant, load } = turn;
  const { pipeline } = contestant;
  const look = async () => ({
    at: performance.now(),
    rows: pipeline ? ((await running.rows?.()) ?? 0) : 0,
    processor: running.processor(),
  });

  const began = performance.now();
  const loading = load.run(what, warmUpMs, measureMs);
  await sleep(warmUpMs);
  const before = await look();
  const end = began + warmUpMs + measureMs;
  let peakMiB = 0;
  while (performance.now() < end) {
    peakMiB = Math.max(peakMiB, memoryOf(running.pids));
    await sleep(Math.min(SAMPLE_EVERY_MS, Math.max(0, end - performance.now())));
  }
  const after = await look();
  const result = await loading;
  if (result.closed > 0) fault(`${contestant.title}: ${result.closed} connections ended under load`);

  const rows = after.rows - before.rows;
  const thousands = (pipeline ? rows : result.ackedInWindow) / 1000;
  const spent = (of: (time: ProcessorTime) => number | null) =>
    ((of(after.processor) ?? 0) - (of(before.processor) ?? 0)) / thousands;
  return {
    result,
    perSecond: (result.ackedInWindow / result.windowMs) * 1000,
    rowsPerSecond: pipeline ? (rows / (after.at - before.at)) * 1000 : null,
    cost: {
      server: spent(({ server }) => server),
      database: after.processor.database === null ? null : spent(({ database }) => database),
    },
    peakMiB,
    began,
  };
}

/** Every acknowledged reading of ours is a row, and no other is. `acknowledged`: since the start of the contestant. */
export async function checkRows(context: BenchContext, { running, contestant }: Turn, acknowledged: number) {
  if (running.rows === null || contestant.pipeline) return;
  context.book({ contestant: contestant.name, acknowledged, rows: await running.rows() });
}
