import { whole } from '../../bench-history/progress.ts';
import { PAYLOAD } from '../contestants/devices.ts';
import type { Target } from '../load/protocol.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';

const CLIENTS = 3000;
const SHORT_CLIENTS = 20;
/** So many are under way at a time. */
const AT_ONCE = 100;

/** From nothing to CONNACK, each with the secret of its device. */
async function oneTurn(context: BenchContext, { running, contestant, load, add }: Turn): Promise<void> {
  const { host, port, tls, clients, processor } = running;
  const connect = async (way: string, target: Target) => {
    const before = processor();
    const { connected, failures, milliseconds } = await load.connect(target, clients, PAYLOAD, {
      atOnce: AT_ONCE,
    });
    const after = processor();
    await load.close();
    if (connected !== clients.length)
      return context.fault(`${contestant.title}: ${connected} of ${clients.length} connected, ${way}`);
    const perSecond = (connected / milliseconds) * 1000;
    const cost = ((after.server - before.server) / connected) * 1000;
    add({ measure: 'connects', part: way, unit: '/s', better: 'more', value: perSecond });
    const measure = 'processor time of the server per 1,000 connects';
    add({ measure, part: way, unit: 'ms', better: 'less', value: cost });
    const again = failures === 0 ? '' : `, ${failures} tried again`;
    context.say(`${way}: ${whole(perSecond)} a second, ${whole(cost)} ms per 1,000${again}`);
  };
  // Once for nothing: code that is not compiled yet would be measured instead.
  await load.connect({ host, port }, clients, PAYLOAD, { atOnce: AT_ONCE });
  await load.close();
  await connect('plain', { host, port });
  if (tls === null) return;
  // The first of the two asks for sessions too, which the second one resumes.
  const target: Target = { host, port: tls.port, ca: tls.ca, resume: true };
  await connect('TLS, full handshake', target);
  await connect('TLS, resumed', target);
}

export const connects: Measure = {
  name: 'connects',
  title: 'Connects a second',
  run: (context) =>
    context.takeTurns(
      context.contestants.filter(({ pipeline }) => !pipeline),
      { clients: context.short ? SHORT_CLIENTS : CLIENTS },
      (turn) => oneTurn(context, turn),
    ),
};
