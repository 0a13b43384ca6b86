import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { runAttacks } from './run.ts';

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

/** `npm run attack` is the whole. */
const SCALE = 0.2;

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

void test('under attack twenty honest devices lose nothing and stay connected', async (t) => {
  const { server, rest } = await startServer(t, { MAX_RETAINED: '1000', MAX_SESSIONS_PER_USER: '50' });
  const { phases, faults } = await runAttacks(server, rest, SCALE, ({ name, result, latencies }) => {
    t.diagnostic(`${name}: ${JSON.stringify(result)}; acknowledgements ${latencies}`);
  });
  assert.deepEqual(faults, []);
  assert.ok(server.alive);
  assert.equal((await rest.get('/api/health')).status, 200);
  const resultOf = (phase: string) => phases.find(({ name }) => name === phase)?.result;
  const frames = resultOf('webSocketFrames');
  assert.equal(
    frames?.['closed after that'],
    frames?.['upgrades refused'],
    'every refused upgrade is closed',
  );
  assert.ok(Number(frames?.['connections with fragments']) > 1, 'a message without an end is cut off');
  assert.ok(Number(frames?.['with empty frames']) > 4, 'empty frames are cut off');
  const silent = resultOf('silentSockets');
  assert.equal(silent?.['closed by the server'], silent?.opened, 'every silent connection is closed');
  for (const { name, residentMiB } of phases) {
    assert.ok(residentMiB < MAX_RESIDENT_MIB, `${residentMiB} MiB after ${name}`);
  }
  const { body: metrics } = await rest.get<string>('/api/metrics');
  const told = await limitsTold(rest);
  for (const limit of MUST_BE_MET) {
    const counted = new RegExp(`^pm_iot_limits_reached_total\\{limit="${limit}"\\} [1-9]`, 'm');
    assert.ok(counted.test(metrics), `${limit} is counted`);
    assert.ok(
      told.some((text) => text.startsWith(`${limit} by `)),
      `${limit} is told as an event`,
    );
  }
  assert.ok(told.includes('packets_per_second by rogue'), 'it says who it was');
});
