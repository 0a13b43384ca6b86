import { setTimeout as sleep } from 'node:timers/promises';
import { PAYLOAD } from '../contestants/devices.ts';
import { nodeRed } from '../contestants/node-red.ts';
import { untilDrained } from './drained.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';
import type { Row } from './row.ts';

interface Shape {
  clients: number;
  inFlight: number;
}

const SHAPES: Shape[] = [
  { clients: 200, inFlight: 10 },
  { clients: 2000, inFlight: 1 },
];
const SHORT_SHAPES: Shape[] = [{ clients: 20, inFlight: 5 }];
/** What a pipeline may take to work off what its broker has acknowledged. */
const DRAIN_LIMIT_MS = 20_000;

/** As fast as it goes. */
async function turn(
  context: BenchContext,
  { clients, inFlight }: Shape,
  { running, contestant, load, add }: Turn,
) {
  const { warmUpMs, measureMs, say, fault } = context;
  const { host, port, rows } = running;
  const shape = `${clients.toLocaleString('en-US')} clients × ${inFlight} in flight`;
  const { connected } = await load.connect({ host, port }, running.clients, PAYLOAD);
  if (connected !== clients)
    return fault(`${contestant.title}: ${connected} of ${clients} clients connected`);

  const began = performance.now();
  const loading = load.run({ inFlight }, warmUpMs, measureMs);
  await sleep(warmUpMs);
  const before = running.processor();
  const rowsBefore = contestant.pipeline ? ((await rows?.()) ?? 0) : 0;
  const windowBegan = performance.now();
  await sleep(measureMs);
  const after = running.processor();
  const rowsAfter = contestant.pipeline ? ((await rows?.()) ?? 0) : 0;
  const windowMs = performance.now() - windowBegan;
  const result = await loading;
  if (result.closed > 0) fault(`${contestant.title}: ${result.closed} connections ended under load`);

  const perSecond = result.ackedInWindow / (result.windowMs / 1000);
  add({ measure: `acknowledged, ${shape}`, unit: '/s', better: 'more', value: perSecond });
  let told = `${Math.round(perSecond).toLocaleString('en-US')} acknowledged a second`;
  const cost = (milliseconds: number) => (milliseconds / result.ackedInWindow) * 1000;
  if (!contestant.pipeline) {
    const measure = `processor time of the server per 1,000 messages, ${shape}`;
    add({ measure, unit: 'ms', better: 'less', value: cost(after.server - before.server) });
  }
  if (rows !== null) {
    const { count, at } = await untilDrained(rows, result.acked, contestant.pipeline ? DRAIN_LIMIT_MS : 1000);
    const stored = contestant.pipeline
      ? // To its credit: whichever went faster, beside the load or after it, when its queue is worked off.
        Math.max((rowsAfter - rowsBefore) / windowMs, count / (at - began)) * 1000
      : perSecond;
    const left = result.acked - count;
    add({
      measure: `rows that reached the table, ${shape}`,
      ...{ unit: '/s', better: 'more' as const, base: nodeRed.name, value: stored },
    });
    add({
      measure: `acknowledged but not stored in the end, ${shape}`,
      ...{ unit: 'messages', better: 'less' as const, base: nodeRed.name, value: left },
    });
    told += `, ${Math.round(stored).toLocaleString('en-US')} rows a second`;
    if (!contestant.pipeline && left !== 0)
      fault(`${contestant.title}: ${result.acked} acknowledged, ${count} rows`);
  }
  say(told);
}

export const throughput: Measure = {
  name: 'throughput',
  title: 'Readings a second',
  run: async (context) => {
    const all: Row[] = [];
    for (const shape of context.short ? SHORT_SHAPES : SHAPES) {
      const { clients } = shape;
      all.push(
        ...(await context.takeTurns(context.contestants, { clients }, (each) => turn(context, shape, each))),
      );
    }
    return all;
  },
};
