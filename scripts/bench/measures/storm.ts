import { whole } from '../../bench-history/progress.ts';
import { PAYLOAD } from '../contestants/devices.ts';
import { startPinned } from '../contestants/ours.ts';
import { type LoadGenerator, startLoad } from '../load/index.ts';
import type { LoadResult } from '../load/protocol.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';

const CLIENTS = 10_000;
const SHORT_CLIENTS = 40;
/** Those that are back first, and go on sending while all others come. */
const OTHERS = 20;
/** Of each of them. */
const READINGS_A_SECOND = 5;
/** A device that waits longer for one try has given up. */
const PATIENCE_MS = 60_000;
const LIMIT_MS = 120_000;
/** For what is not measured: that all are there before. */
const SET_UP_MS = 300_000;
/** Windows one after the other, until all are back. */
const WINDOW_MS = 1000;

/** Sends until it is told to stop; the windows of a second, worst first. */
async function sendUntil(load: LoadGenerator, stopped: () => boolean): Promise<LoadResult[]> {
  const windows: LoadResult[] = [];
  do windows.push(await load.run({ rate: OTHERS * READINGS_A_SECOND }, 0, WINDOW_MS));
  while (!stopped());
  return windows.sort((a, b) => b.latency.p99 - a.latency.p99);
}

/** All TLS devices at once after the server was killed. */
async function oneTurn(context: BenchContext, turn: Turn, few: LoadGenerator): Promise<void> {
  const { say, fault } = context;
  const { running, contestant, load, pinning, add } = turn;
  const { server, host, clients } = running;
  if (server === null) return;
  const others = clients.slice(0, OTHERS);
  const crowd = clients.slice(OTHERS);
  const target = () => ({ host, port: server.ports.mqtts, ca: server.ca, resume: true });
  const first = await load.connect(target(), crowd, PAYLOAD, { totalMs: SET_UP_MS });
  if (first.connected !== crowd.length) return fault(`${contestant.title}: not all were there before`);

  await server.stop('SIGKILL');
  await startPinned(server, { pinning });
  await few.connect(target(), others, PAYLOAD);
  let back = false;
  const sending = sendUntil(few, () => back);
  const storm = await load.connect(target(), crowd, PAYLOAD, {
    atOnce: crowd.length,
    limitMs: PATIENCE_MS,
    totalMs: LIMIT_MS,
  });
  back = true;
  const windows = await sending;
  const { connected, failures, milliseconds } = storm;
  if (connected !== crowd.length) fault(`${contestant.title}: ${connected} of ${crowd.length} came back`);
  const lost = windows.reduce((sum, { sent, acked }) => sum + sent - acked, 0);
  if (lost > 0) fault(`${contestant.title}: ${lost} readings of the others were not acknowledged`);
  const p99 = windows[0]?.latency.p99 ?? Number.NaN;
  const who = `${whole(crowd.length)} TLS devices at once after a kill -9`;
  add({ measure: `${who}: all back`, unit: 's', better: 'less', value: milliseconds / 1000 });
  add({ measure: `${who}: tries that failed`, unit: 'tries', better: 'less', value: failures });
  const note = 'Of the worst second.';
  const measure = `${who}: publish → acknowledged of those that were back, p99`;
  add({ measure, unit: 'ms', better: 'less', value: p99, note });
  say(
    `all back in ${(milliseconds / 1000).toFixed(1)} s, ${failures} tries failed; others' p99 ${p99.toFixed(0)} ms`,
  );
}

export const storm: Measure = {
  name: 'storm',
  title: 'All come back at once',
  run: (context) =>
    context.takeTurns(
      context.contestants.filter(({ name }) => name.startsWith('ours')),
      { clients: context.short ? SHORT_CLIENTS : CLIENTS + OTHERS },
      async (turn) => {
        const few = startLoad();
        try {
          await oneTurn(context, turn, few);
        } finally {
          await few.stop();
        }
      },
    ),
};
