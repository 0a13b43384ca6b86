import { setTimeout as sleep } from 'node:timers/promises';
import { connected, reading } from '../../../test/helpers/devices.ts';
import { Rest } from '../../../test/helpers/rest.ts';
import type { Server } from '../../../test/helpers/server.ts';
import { bareHono } from '../http/bare-hono.ts';
import { type PollLoad, type PollOrder, startPollLoad } from '../http/poll-load.ts';
import type { ClientSpec } from '../load/protocol.ts';
import type { BenchContext, Measure, Turn } from './measure.ts';

const WIDGETS = 50;
const CONNECTIONS = 20;
const CHANGE_EVERY_MS = 100;
/** Of one run. */
const MAX_ANSWERS = 2_000_000;

const KINDS = {
  unchanged: `polls of ${WIDGETS} widgets, unchanged (304)`,
  whole: `polls of ${WIDGETS} widgets, whole (200)`,
  changing: `polls of ${WIDGETS} widgets, one of which changes 10 times a second`,
};
type Kind = keyof typeof KINDS;

type Asked = Pick<PollOrder, 'path' | 'token' | 'follow'>;

interface Home {
  ask: Record<Kind, Asked>;
  /** The whole answer. */
  body: string;
  changing(work: () => Promise<void>): Promise<void>;
}

/** All devices in one room, polled by the admin. */
async function furnish(server: Server, clients: readonly ClientSpec[]): Promise<Home> {
  const rest = await new Rest(server).logIn();
  const { id } = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Polled' });
  for (const client of clients)
    await rest.expect(200, 'POST', `/api/devices/${client.id}/pair`, { room_id: id });
  const path = `/api/rooms/${id}/widgets?status=all`;
  const { body } = await rest.get<object>(path);
  const poll = { path, token: rest.token };
  const followed = { ...poll, follow: true };
  return {
    ask: { unchanged: followed, whole: { ...poll, follow: false }, changing: followed },
    body: JSON.stringify(body),
    changing: async (work) => {
      const [device] = clients;
      const wire = await connected(server, device?.id ?? '', device?.password ?? '');
      const over = new AbortController();
      const change = async () => {
        for (let value = 1; !over.signal.aborted; value++) {
          await wire.publish(device?.topic ?? '', reading(value));
          await sleep(CHANGE_EVERY_MS);
        }
      };
      try {
        await Promise.all([change(), work().finally(() => over.abort())]);
      } finally {
        await wire.disconnect();
      }
    },
  };
}

const BARE: Record<Kind, Asked> = {
  unchanged: { path: '/unchanged', token: null, follow: false },
  whole: { path: '/whole', token: null, follow: false },
  changing: { path: '/unchanged', token: null, follow: false },
};

async function measureKind(
  context: BenchContext,
  { running, add }: Turn,
  kind: Kind,
  { load, port, asked }: { load: PollLoad; port: number; asked: Asked },
) {
  const { warmUpMs, measureMs, say, fault } = context;
  const order = { ...asked, port, connections: CONNECTIONS, atMost: MAX_ANSWERS };
  await load.run({ ...order, milliseconds: warmUpMs });
  const before = running.processor();
  const { milliseconds, statuses } = await load.run({ ...order, milliseconds: measureMs });
  const spent = running.processor().server - before.server;
  const count = Object.values(statuses).reduce((sum, part) => sum + part, 0);
  const others = count - (statuses[200] ?? 0) - (statuses[304] ?? 0);
  if (others > 0 || count === 0) fault(`polls were answered with ${JSON.stringify(statuses)}`);
  const base = { base: 'bare-hono' };
  const perSecond = (count / milliseconds) * 1000;
  add({ measure: KINDS[kind], unit: '/s', better: 'more', value: perSecond, ...base });
  add({
    measure: `processor time per 1,000 ${KINDS[kind]}`,
    ...{ unit: 'ms', better: 'less', value: (spent / count) * 1000, ...base },
  });
  say(`${KINDS[kind]}: ${Math.round(perSecond).toLocaleString('en-US')} a second`);
}

export const polls: Measure = {
  name: 'polls',
  title: 'Polls a second',
  run: async (context) => {
    const ours = context.contestants.filter(({ name }) => name.startsWith('ours-'));
    if (ours.length === 0) return [];
    let body = '';
    const load = startPollLoad();
    try {
      return await context.takeTurns(
        [...ours, bareHono(() => ({ body }))],
        { clients: WIDGETS },
        async (turn) => {
          const { server, clients, port } = turn.running;
          const home = server === null ? null : await furnish(server, clients);
          if (home !== null) body = home.body;
          const measured = (kind: Kind) =>
            measureKind(context, turn, kind, {
              load,
              port: server?.ports.http ?? port,
              asked: (home?.ask ?? BARE)[kind],
            });
          await measured('unchanged');
          await measured('whole');
          if (home === null) await measured('changing');
          else await home.changing(() => measured('changing'));
        },
      );
    } finally {
      load.stop();
    }
  },
};
