import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowStates } from '../../api/flow-states.ts';
import { FLOWS, type FlowName } from '../../db/domain/ports.ts';
import { createFlowMeter } from '../../db/flow-meter.ts';
import { ProbeFault } from '../../db/health/fault.ts';
import { createFlowProbes, type Probe } from '../../db/health/probes.ts';
import { silent } from '../helpers/database.ts';

const SECOND = 1000;

/** Flows with a clock that is moved by hand, and probes that count how often they ran. */
function bench(own: Partial<Record<FlowName, Probe>> = {}) {
  let time = Date.parse('2026-03-01T08:00:00Z');
  const runs = new Map<FlowName, number>();
  const counting = (name: FlowName): Probe => {
    const probe = own[name] ?? (async () => {});
    return async () => {
      runs.set(name, (runs.get(name) ?? 0) + 1);
      await probe();
    };
  };
  const probes = createFlowProbes({
    probes: Object.fromEntries(FLOWS.map((name) => [name, counting(name)])) as Record<FlowName, Probe>,
    log: silent,
    now: () => time,
    monotonic: () => time,
  });
  const now = () => time;
  const flows = createFlowMeter(now);
  return {
    flows,
    probes,
    runs: (name: FlowName) => runs.get(name) ?? 0,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    state: async (name: FlowName, databaseUp = true) => {
      const found = (await flowStates({ flows, probes, now }, databaseUp)).find((flow) => flow.name === name);
      assert.ok(found);
      return found;
    },
  };
}

void test('a flow that was used a moment ago is not tried out', async () => {
  const { flows, runs, state, pass } = bench();
  flows.record('commands', 40, true);
  const used = await state('commands');
  assert.deepEqual([used.status, used.latencyMs, used.measuredBy], ['ok', 40, 'traffic']);
  assert.equal(runs('commands'), 0);
  pass(31 * SECOND);
  assert.equal((await state('commands')).measuredBy, 'traffic');
  assert.equal(runs('commands'), 1);
});

void test('a probe that went well is run once in 30 s, one that failed once in 5 s, however often one asks', async () => {
  const broken = { now: false };
  const { runs, state, pass } = bench({
    room_management: async () => {
      if (broken.now) throw new ProbeFault('database_read_only', 'no');
    },
  });
  for (let i = 0; i < 10; i++) assert.equal((await state('room_management')).status, 'ok');
  assert.equal(runs('room_management'), 1);
  pass(30 * SECOND);
  broken.now = true;
  for (let i = 0; i < 10; i++) {
    const { status, reason, errorRate, lastSuccess } = await state('room_management');
    assert.deepEqual([status, reason, errorRate], ['down', 'database_read_only', 1]);
    assert.equal(lastSuccess?.toISOString(), '2026-03-01T08:00:00.000Z');
  }
  assert.equal(runs('room_management'), 2);
  broken.now = false;
  pass(5 * SECOND);
  assert.equal((await state('room_management')).status, 'ok');
});

void test('those who ask at once share one run, and flows are tried one after the other', async () => {
  let running = 0;
  let most = 0;
  const slow: Probe = async () => {
    running++;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  };
  const { probes, runs } = bench(Object.fromEntries(FLOWS.map((name) => [name, slow])));
  await Promise.all([1, 2, 3].map(() => probes.refresh(FLOWS)));
  assert.equal(most, 1);
  for (const name of FLOWS) assert.equal(runs(name), 1, name);
});

void test('a probe that hangs makes its flow down, holds nobody up for long, and is not started again beside itself', async (t) => {
  // Nobody is held up: nothing of it keeps a process alive either.
  const awake = setInterval(() => {}, 1000);
  t.after(() => clearInterval(awake));
  const end = { call: () => {} };
  const { runs, state, pass } = bench({
    commands: () =>
      new Promise<void>((resolve) => {
        end.call = resolve;
      }),
  });
  const started = performance.now();
  const first = await state('commands');
  assert.ok(performance.now() - started < 4500);
  assert.deepEqual([first.status, first.reason], ['down', 'timed_out']);
  pass(6 * SECOND);
  assert.equal((await state('commands')).reason, 'timed_out');
  assert.equal(runs('commands'), 1);
  end.call();
  await new Promise((resolve) => setImmediate(resolve));
  pass(6 * SECOND);
  end.call = () => {};
  void state('commands').catch(() => {});
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(runs('commands'), 2);
  end.call();
});

void test('what failed lately and works when it is tried is degraded; what fails then too is down', async () => {
  const broken = { now: false };
  const { flows, state, pass } = bench({
    sensor_data: async () => {
      if (broken.now) throw new Error('no');
    },
  });
  for (let i = 0; i < 4; i++) flows.record('sensor_data', 10, i === 0, 'unavailable');
  const lately = await state('sensor_data');
  assert.deepEqual(
    [lately.status, lately.reason, lately.errorRate],
    ['degraded', 'database_unavailable', 0.75],
  );
  pass(30 * SECOND);
  broken.now = true;
  const now = await state('sensor_data');
  assert.deepEqual([now.status, now.reason, now.measuredBy], ['down', 'failed', 'traffic']);
  pass(5 * 60 * SECOND);
  broken.now = false;
  const later = await state('sensor_data');
  assert.deepEqual([later.status, later.errorRate, later.measuredBy], ['ok', 0, 'probe']);
});

void test('while the database is away, what needs it is down at once and not tried', async () => {
  const { flows, runs, state } = bench();
  flows.record('sensor_data', 1, true);
  const { status, reason } = await state('sensor_data', false);
  assert.deepEqual([status, reason], ['down', 'database_unavailable']);
  assert.equal((await state('api_requests', false)).status, 'ok');
  assert.equal(runs('sensor_data'), 0);
});
