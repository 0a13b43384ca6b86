import { whole } from '../../bench-history/progress.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';
import { checkRows, connectAll, measureWindow } from './window.ts';

const CLIENTS = 1000;
/** Messages a second of all together, the slower first: what it leaves behind is little. */
const RATES = [1000, 10_000];
const SHORT = { clients: 20, rates: [200] };
/** Of the messages that were due: below this it was another load. */
const ENOUGH = 0.98;

async function oneTurn(context: BenchContext, rates: readonly number[], turn: Turn): Promise<void> {
  const { contestant, add } = turn;
  if (!(await connectAll(context, turn))) return;
  let acked = 0;
  for (const rate of rates) {
    const { result, perSecond, cost, peakMiB } = await measureWindow(context, turn, { rate });
    acked += result.acked;
    const { p50, p99, p999 } = result.latency;
    const measure = `publish → acknowledged at ${whole(rate)} messages a second`;
    for (const [part, value] of Object.entries({ p50, p99, 'p99.9': p999 }))
      add({ measure, part, unit: 'ms', better: 'less', value });
    const costs = `processor time per 1,000 messages at ${whole(rate)} a second`;
    const note = 'Of pipelines: broker and writer together, per 1,000 rows.';
    add({ measure: costs, part: 'server', unit: 'ms', better: 'less', value: cost.server, note });
    if (cost.database !== null)
      add({ measure: costs, part: 'database', unit: 'ms', better: 'less', value: cost.database });
    add({
      measure: `memory at ${whole(rate)} a second, at most`,
      unit: 'MiB',
      better: 'less',
      value: peakMiB,
    });
    context.say(
      `${whole(rate)}/s: p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, p99.9 ${p999.toFixed(2)} ms, ${cost.server.toFixed(1)} ms of processor time per 1,000`,
    );
    if (perSecond < rate * ENOUGH)
      context.say(
        `WARNING: ${contestant.title} acknowledged only ${whole(perSecond)} of ${whole(rate)} a second`,
      );
  }
  await checkRows(context, turn, acked);
}

export const latency: Measure = {
  name: 'latency',
  title: 'Latency, processor time and memory under steady load',
  run: async (context) => {
    const { clients, rates } = context.short ? SHORT : { clients: CLIENTS, rates: RATES };
    return await context.takeTurns(context.contestants, { clients }, (turn) => oneTurn(context, rates, turn));
  },
};
