import { whole } from '../../bench-history/progress.ts';
import { nodeRed } from '../contestants/node-red.ts';
import { untilDrained } from './drained.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';
import type { Row } from './row.ts';
import { checkRows, connectAll, measureWindow } from './window.ts';

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
async function oneTurn(context: BenchContext, { clients, inFlight }: Shape, turn: Turn): Promise<void> {
  const { running, contestant, add } = turn;
  if (!(await connectAll(context, turn))) return;
  const { result, perSecond, rowsPerSecond, cost, began } = await measureWindow(context, turn, { inFlight });
  await checkRows(context, turn, result.acked);

  const shape = `${whole(clients)} clients × ${inFlight} in flight`;
  add({ measure: `acknowledged, ${shape}`, unit: '/s', better: 'more', value: perSecond });
  const told = [`${whole(perSecond)} acknowledged a second`];
  if (!contestant.pipeline) {
    const measure = `processor time per 1,000 messages at full load, ${shape}`;
    add({ measure, part: 'server', unit: 'ms', better: 'less', value: cost.server });
    if (cost.database !== null)
      add({ measure, part: 'database', unit: 'ms', better: 'less', value: cost.database });
  }
  if (running.rows !== null) {
    const measure = `rows that reached the table, ${shape}`;
    const row = { measure, unit: '/s', better: 'more', base: nodeRed.name } as const;
    if (rowsPerSecond === null) add({ ...row, value: perSecond });
    else {
      const { count, at } = await untilDrained(running.rows, result.acked, DRAIN_LIMIT_MS);
      // To its credit: whichever was faster, beside the load or with its queue worked off after it.
      const value = Math.max(rowsPerSecond, (count / (at - began)) * 1000);
      const waiting = result.acked - count;
      const note = `Of a pipeline, the better of two rates: beside the load, and all in all until its queue was empty or ${DRAIN_LIMIT_MS / 1000} s had passed.`;
      add({ ...row, value, note });
      told.push(`${whole(value)} rows a second`, `${whole(waiting)} acknowledged and not stored yet`);
    }
  }
  context.say(told.join(', '));
}

export const throughput: Measure = {
  name: 'throughput',
  title: 'Readings a second',
  run: async (context) => {
    const all: Row[] = [];
    for (const shape of context.short ? SHORT_SHAPES : SHAPES) {
      const turn = (each: Turn) => oneTurn(context, shape, each);
      all.push(...(await context.takeTurns(context.contestants, { clients: shape.clients }, turn)));
    }
    return all;
  },
};
