import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLOWS } from '../../db/domain/ports.ts';
import { ApiError, type Client, type Health, type System } from '../../web/client/index.ts';
import { HEALTH } from '../../web/state/health.ts';
import { disksOf, type FlowName, verdictOf } from '../../web/state/verdict.ts';

type Status = Health['flows'][number]['status'];

const health = (statuses: Partial<Record<FlowName, Status>> = {}): Health => ({
  status: statuses.database_sync === 'down' ? 'down' : 'ok',
  nodes: [],
  flows: FLOWS.map((name) => ({
    name,
    status: statuses[name] ?? 'ok',
    latency_ms: null,
    last_check: null,
    error_rate: null,
    last_success: null,
    measured_by: 'traffic' as const,
    reason: null,
  })),
});

const disk = (
  name: 'data' | 'database',
  state: System['disks'][number]['state'],
  free: number | null = 5,
) => ({
  name,
  free_bytes: free,
  total_bytes: free === null ? null : 100,
  state,
});

const system = (change: Partial<System> = {}): System => ({
  version: '1',
  time: '2026-01-15T10:30:00.000Z',
  enrollment: 'token',
  database: { kind: 'embedded', bytes: null },
  nodes: [],
  disks: [disk('data', 'ok'), disk('database', 'ok')],
  certificates: [],
  backup: { every_ms: null, keep: 3, last_at: null, bytes: null, failed: false },
  mdns_name: null,
  listeners: {},
  ...change,
});

const node = (
  event_loop_lag_ms: number,
  change: Partial<System['nodes'][number]> = {},
): System['nodes'][number] => ({
  id: 'a1',
  name: 'pi',
  status: 'ok',
  version: '1',
  heard_at: '2026-01-15T10:30:00.000Z',
  leader: true,
  redis: null,
  node_version: '22',
  started_at: '2026-01-15T10:30:00.000Z',
  memory_bytes: 1,
  event_loop_lag_ms,
  connections: 0,
  devices_connected: 0,
  devices_total: 0,
  ...change,
});

const certificate = (days_left: number) => ({
  name: 'server' as const,
  subject: 'CN=pi',
  sha256: 'AA',
  expires_at: '2026-02-15T10:30:00.000Z',
  days_left,
});

void test('nothing is known before anything was told', () => {
  assert.deepEqual(verdictOf(null, null), { level: 'unknown', findings: [] });
});

void test('all is well where nothing happened, and where the size of the database is not told', () => {
  assert.deepEqual(verdictOf(health({ commands: 'unknown' }), system()), { level: 'good', findings: [] });
});

void test('a database that is away is told once', () => {
  assert.deepEqual(verdictOf(health({ database_sync: 'down' }), system()), {
    level: 'bad',
    findings: [{ what: 'database_away' }],
  });
});

void test('a full disk is told as such, and not as a database that is away', () => {
  const full = system({ disks: [disk('data', 'critical'), disk('database', 'critical')] });
  assert.deepEqual(verdictOf(health({ database_sync: 'down' }), full), {
    level: 'bad',
    findings: [{ what: 'disk_critical', disks: ['data', 'database'], free: 5 }],
  });
  const low = system({ disks: [disk('data', 'ok', 50), disk('database', 'low')] });
  assert.deepEqual(verdictOf(health({ database_sync: 'degraded' }), low), {
    level: 'warn',
    findings: [{ what: 'disk_low', disks: ['database'], free: 5 }],
  });
});

void test('what is worst comes first', () => {
  const told = verdictOf(
    health({ commands: 'degraded', sensor_data: 'down' }),
    system({ certificates: [certificate(29), certificate(-1)], nodes: [node(400)] }),
  );
  assert.equal(told.level, 'bad');
  assert.deepEqual(
    told.findings.map(({ what }) => what),
    ['flows_down', 'certificate_ended', 'flows_degraded', 'certificate_ends', 'slow'],
  );
  assert.equal(
    verdictOf(health(), system({ certificates: [certificate(30)], nodes: [node(20)] })).level,
    'good',
  );
});

void test('a node that is down, and Redis that is away, are told; one that is drained is meant to be', () => {
  const down = node(400, { name: 'two', status: 'down' });
  const told = verdictOf(health(), system({ nodes: [node(1, { redis: 'away' }), down] }));
  assert.deepEqual(told, {
    level: 'warn',
    findings: [{ what: 'redis_away' }, { what: 'node_down', node: 'two' }],
  });
  const drained = node(1, { name: 'two', status: 'draining' });
  assert.equal(verdictOf(health(), system({ nodes: [node(1, { redis: 'ok' }), drained] })).level, 'good');
});

void test('disks out of sight are two, and nothing is wrong with them', () => {
  const unseen = system({ disks: [disk('data', 'ok'), disk('database', 'unknown', null)] });
  assert.equal(disksOf(unseen).length, 2);
  assert.equal(verdictOf(health(), unseen).level, 'good');
  assert.deepEqual(
    disksOf(system()).map(({ names }) => names),
    [['data', 'database']],
  );
});

void test('a health of 503 is told all the same, another refusal is not', async () => {
  const refusing = (body: unknown) =>
    ({
      poll: () =>
        Promise.reject(
          new ApiError('503', { status: 503, code: 'UNEXPECTED', details: [], retryAfterMs: null, body }),
        ),
    }) as unknown as Client;
  const { signal } = new AbortController();
  const down = health({ database_sync: 'down' });
  assert.equal(await HEALTH.ask(refusing(down), signal), down);
  await assert.rejects(HEALTH.ask(refusing({ error: 'x' }), signal), ApiError);
});
