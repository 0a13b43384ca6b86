import { setTimeout as sleep } from 'node:timers/promises';
import { whole } from '../../bench-history/progress.ts';
import { PAYLOAD } from '../contestants/devices.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';
import { checkRows, memoryOf } from './window.ts';

const CLIENTS = 10_000;
const SHORT_CLIENTS = 20;
const HELD_MS = 300_000;
/** In which all must be there; it is not what is measured. */
const SET_UP_MS = 300_000;
/** After they have connected, until the server has come to rest. */
const SETTLE_MS = 15_000;
const SHORT_SETTLE_MS = 200;

/** Many TLS devices with one reading a second each. */
async function oneTurn(context: BenchContext, turn: Turn): Promise<void> {
  const { short, say, fault, warmUpMs, measureMs } = context;
  const { running, contestant, load, add } = turn;
  const { host, tls, clients, pids } = running;
  if (tls === null) return;
  await sleep(short ? SHORT_SETTLE_MS : SETTLE_MS);
  const before = memoryOf(pids);
  const target = { host, port: tls.port, ca: tls.ca };
  const { connected } = await load.connect(target, clients, PAYLOAD, { totalMs: SET_UP_MS });
  if (connected !== clients.length)
    return fault(`${contestant.title}: ${connected} of ${clients.length} TLS clients connected`);
  await sleep(short ? SHORT_SETTLE_MS : SETTLE_MS);
  const kib = ((memoryOf(pids) - before) / connected) * 1024;
  const many = `${whole(connected)} TLS devices`;
  add({ measure: `memory of each of ${many}, idle`, unit: 'KiB', better: 'less', value: kib });
  say(`${many}, idle: ${kib.toFixed(1)} KiB each`);

  const processor = running.processor().server;
  const heldMs = short ? measureMs : HELD_MS;
  const { sent, acked, ackedInWindow, windowMs, latency, closed, withheld } = await load.run(
    { rate: connected },
    warmUpMs,
    heldMs,
  );
  const busy = (running.processor().server - processor) / (windowMs + warmUpMs);
  const { p50, p99, p999, max } = latency;
  const measure = `publish → acknowledged, ${many}, one reading a second each`;
  for (const [part, value] of Object.entries({ p50, p99, 'p99.9': p999 }))
    add({ measure, part, unit: 'ms', better: 'less', value });
  add({ measure: `memory with ${many}, under it`, unit: 'MiB', better: 'less', value: memoryOf(pids) });
  add({ measure: `processor of the server, under it`, unit: '%', better: 'less', value: busy * 100 });
  if (closed > 0) fault(`${contestant.title}: ${closed} connections ended`);
  if (acked !== sent || withheld > 0)
    fault(`${contestant.title}: ${sent} sent, ${withheld} held back, ${acked} acknowledged`);
  const perSecond = (ackedInWindow / windowMs) * 1000;
  say(
    `held ${whole(heldMs / 1000)} s at ${whole(perSecond)} a second: p99 ${p99.toFixed(1)}, at most ${max.toFixed(0)} ms`,
  );
  await checkRows(context, turn, acked);
}

export const held: Measure = {
  name: 'held',
  title: 'Many TLS devices',
  run: (context) =>
    context.takeTurns(
      context.contestants.filter(({ name }) => name.startsWith('ours')),
      { clients: context.short ? SHORT_CLIENTS : CLIENTS },
      (turn) => oneTurn(context, turn),
    ),
};
