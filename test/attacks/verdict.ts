import type { Rest } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import type { Phase } from './run.ts';

/** What a home server may hold at most in the end, the embedded database included. */
const MAX_RESIDENT_MIB = 1500;
const MUST_BE_MET = [
  'packet_bytes',
  'packets_per_second',
  'subscriptions',
  'retained',
  'sessions_per_user',
  'unread_bytes',
  'login_failures_per_address',
];

interface Event {
  kind: string;
  actor: string;
  detail: { limit?: string };
}

/** Who met which limit, as the event log tells. */
async function limitsTold(rest: Rest): Promise<string[]> {
  const told: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: { events: Event[]; next_cursor: string | null } = await rest.expect(
      200,
      'GET',
      `/api/events?limit=200${query}`,
    );
    for (const { kind, actor, detail } of page.events) {
      if (kind === 'limit_reached') told.push(`${detail.limit} by ${actor}`);
    }
    cursor = page.next_cursor;
  }
  return told;
}

function* faultsOf({ name, result, residentMiB }: Phase): Generator<string> {
  if (residentMiB >= MAX_RESIDENT_MIB) yield `${residentMiB} MiB after ${name}`;
  if (name === 'webSocketFrames') {
    if (result['closed after that'] !== result['upgrades refused']) yield 'a refused upgrade is not closed';
    if (!(Number(result['connections with fragments']) > 1)) yield 'a message without an end is not cut off';
    if (!(Number(result['with empty frames']) > 4)) yield 'empty frames are not cut off';
  }
  if (name === 'silentSockets' || name === 'slowRequests') {
    if (result['closed by the server'] !== result.opened) yield `${name}: not every connection is closed`;
  }
}

/** What is wrong with a server after attacks, besides what its honest devices tell. Empty: nothing. */
export async function verdict(server: Server, rest: Rest, phases: readonly Phase[]): Promise<string[]> {
  if (!server.alive) return ['the server has ended'];
  const faults = phases.flatMap((phase) => [...faultsOf(phase)]);
  const { status } = await rest.get('/api/health');
  if (status !== 200) faults.push(`its health is ${status}`);
  const { body: metrics } = await rest.get<string>('/api/metrics');
  const told = await limitsTold(rest);
  for (const limit of MUST_BE_MET) {
    const counted = new RegExp(`^pm_iot_limits_reached_total\\{limit="${limit}"\\} [1-9]`, 'm');
    if (!counted.test(metrics)) faults.push(`${limit} is not counted`);
    if (!told.some((text) => text.startsWith(`${limit} by `)))
      faults.push(`${limit} is not told as an event`);
  }
  if (!told.includes('packets_per_second by rogue'))
    faults.push('packets_per_second: it is not told who it was');
  return faults;
}
