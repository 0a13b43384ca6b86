import { whole } from '../../bench-history/progress.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';
import type { Row } from './row.ts';
import { checkRows, connectAll, measureWindow } from './window.ts';

interface Step {
  clients: number;
  idleWidgets: number;
  /** Messages a second of all together. */
  rate: number;
  /** Of each client, at full load; null: no full load, since so few may not send so much. */
  inFlight: number | null;
  measure: string;
  part: string;
}

/** In flight, of all devices together; each has at least one. */
const IN_FLIGHT = 2000;
const DEVICES = { counts: [100, 1000, 10_000], rate: 10_000 };
/** Ten devices that send, below the messages a second that one may send, beside the rest of the widgets. */
const WIDGETS = { counts: [10, 1000, 100_000], senders: 10, rate: 5000 };
const SHORT_DEVICES = { counts: [10, 20], rate: 200 };
const SHORT_WIDGETS = { counts: [10, 30], senders: 10, rate: 200 };

function steps(short: boolean): Step[] {
  const devices = short ? SHORT_DEVICES : DEVICES;
  const widgets = short ? SHORT_WIDGETS : WIDGETS;
  return [
    ...devices.counts.map((clients) => ({
      ...{ clients, idleWidgets: 0, rate: devices.rate },
      inFlight: short ? 2 : Math.ceil(IN_FLIGHT / clients),
      ...{ measure: 'connected devices', part: `${whole(clients)}` },
    })),
    ...widgets.counts.map((count) => ({
      ...{ clients: widgets.senders, idleWidgets: count - widgets.senders, rate: widgets.rate },
      inFlight: null,
      ...{ measure: 'widgets', part: `${whole(count)}` },
    })),
  ];
}

async function oneTurn(context: BenchContext, step: Step, turn: Turn): Promise<void> {
  const { rate, inFlight, measure, part } = step;
  if (!(await connectAll(context, turn))) return;
  const steady = await measureWindow(context, turn, { rate });
  const { server: cost } = steady.cost;
  const { p99 } = steady.result.latency;
  const at = `at ${whole(rate)} a second`;
  const costs = `processor time per 1,000 messages ${at}, by ${measure}`;
  turn.add({ measure: costs, part, unit: 'ms', better: 'less', value: cost });
  const delays = `publish → acknowledged ${at}, p99, by ${measure}`;
  turn.add({ measure: delays, part, unit: 'ms', better: 'less', value: p99 });
  context.say(`${part} ${measure}: ${cost.toFixed(1)} ms per 1,000, p99 ${p99.toFixed(2)} ms`);
  let { acked } = steady.result;
  if (inFlight !== null) {
    const full = await measureWindow(context, turn, { inFlight });
    acked += full.result.acked;
    const value = full.perSecond;
    turn.add({
      measure: `acknowledged at full load, by ${measure}`,
      part,
      unit: '/s',
      better: 'more',
      value,
    });
    context.say(`${part} ${measure}: ${whole(value)} acknowledged a second`);
  }
  await checkRows(context, turn, acked);
}

/** Pipelines know neither devices nor widgets: they are left out. */
export const growth: Measure = {
  name: 'growth',
  title: 'Growth',
  run: async (context) => {
    const contestants = context.contestants.filter(({ pipeline }) => !pipeline);
    const all: Row[] = [];
    for (const step of steps(context.short)) {
      const { clients, idleWidgets } = step;
      // Only ours has widgets.
      const those = idleWidgets > 0 ? contestants.filter(({ name }) => name.startsWith('ours')) : contestants;
      all.push(
        ...(await context.takeTurns(those, { clients, idleWidgets }, (turn) => oneTurn(context, step, turn))),
      );
    }
    return all;
  },
};
