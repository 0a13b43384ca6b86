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
/** Steady loads that a pipeline is offered, messages a second: each half as much again, until it does not keep up. */
const FIRST_RATE = 2000;
const STEP = 1.5;
const MAX_RATE = 100_000;
const KEEPS_UP = 0.95;
/** At one of them, before it counts as too much. */
const TRIES = 2;
const STEP_WARM_UP_MS = 1000;
const STEP_MS = 3000;
/** What it may take to work off what was left of a step. */
const DRAIN_LIMIT_MS = 10_000;

/**
 * The most rows a second that a pipeline stores. Its broker acknowledges whatever comes: at full load its writer would
 * drown in what waits, and a crowd that sends so much more than can be stored is no fair question.
 */
async function mostRows(context: BenchContext, turn: Turn, rows: () => Promise<number>): Promise<number> {
  const gentle = {
    ...context,
    warmUpMs: Math.min(STEP_WARM_UP_MS, context.warmUpMs),
    measureMs: Math.min(STEP_MS, context.measureMs),
  };
  let most = 0;
  let acked = 0;
  let failures = 0;
  for (let rate = FIRST_RATE; rate < MAX_RATE && failures < TRIES; ) {
    // Code is compiled under the first load.
    const { result, rowsPerSecond } = await measureWindow(acked === 0 ? context : gentle, turn, { rate });
    acked += result.acked;
    most = Math.max(most, rowsPerSecond ?? 0);
    if ((rowsPerSecond ?? 0) < rate * KEEPS_UP) failures++;
    else {
      failures = 0;
      rate *= STEP;
    }
    await untilDrained(rows, acked, DRAIN_LIMIT_MS);
  }
  return most;
}

/** As fast as it goes. */
async function oneTurn(context: BenchContext, { clients, inFlight }: Shape, turn: Turn): Promise<void> {
  const { running, contestant, add } = turn;
  if (!(await connectAll(context, turn))) return;
  const shape = `${whole(clients)} clients × ${inFlight} in flight`;
  const stored = `rows that reached the table, ${shape}`;
  const row = { measure: stored, unit: '/s', better: 'more', base: nodeRed.name } as const;
  if (contestant.pipeline && running.rows !== null) {
    const value = await mostRows(context, turn, running.rows);
    add({
      ...row,
      value,
      note: 'Of a pipeline: the most that it stores under a steady load, which is raised until it does not keep up.',
    });
    context.say(`${whole(value)} rows a second under a steady load`);
  }

  const { result, perSecond, cost } = await measureWindow(context, turn, { inFlight });
  await checkRows(context, turn, result.acked);
  add({ measure: `acknowledged, ${shape}`, unit: '/s', better: 'more', value: perSecond });
  context.say(`${whole(perSecond)} acknowledged a second`);
  if (contestant.pipeline) return;
  if (running.rows !== null) add({ ...row, value: perSecond });
  const measure = `processor time per 1,000 messages at full load, ${shape}`;
  add({ measure, part: 'server', unit: 'ms', better: 'less', value: cost.server });
  if (cost.database !== null)
    add({ measure, part: 'database', unit: 'ms', better: 'less', value: cost.database });
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
