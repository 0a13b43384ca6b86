import assert from 'node:assert/strict';
import { test } from 'node:test';
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

interface Event {
  kind: string;
  actor: string;
  detail: { limit?: string };
}

void test('under attack twenty honest devices lose nothing and stay connected', async (t) => {
  const { server, rest } = await startServer(t);
  const { phases, faults } = await runAttacks(server, rest, ({ name, result, latencies }) => {
    t.diagnostic(`${name}: ${JSON.stringify(result)}; acknowledgements ${latencies}`);
  });
  assert.deepEqual(faults, []);
  assert.ok(server.alive);
  assert.equal((await rest.get('/api/health')).status, 200);
  const silent = phases.find(({ name }) => name === 'silentSockets')?.result;
  assert.equal(silent?.['closed by the server'], silent?.opened, 'every silent connection is closed');
  for (const { name, residentMiB } of phases) {
    assert.ok(residentMiB < MAX_RESIDENT_MIB, `${residentMiB} MiB after ${name}`);
  }
  const { body: metrics } = await rest.get<string>('/api/metrics');
  const { events } = await rest.expect<{ events: Event[] }>(200, 'GET', '/api/events?limit=200');
  const told = new Map(
    events.filter(({ kind }) => kind === 'limit_reached').map(({ actor, detail }) => [detail.limit, actor]),
  );
  for (const limit of MUST_BE_MET) {
    assert.match(metrics, new RegExp(`^pm_iot_limits_reached_total\\{limit="${limit}"\\} [1-9]`, 'm'));
    assert.ok(told.has(limit), `${limit} is told as an event`);
  }
  assert.equal(told.get('packets_per_second'), 'rogue', 'it says who it was');
});
