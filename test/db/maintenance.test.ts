import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { createClock } from '../../db/domain/clock.ts';
import { createMaintenance } from '../../db/maintenance.ts';
import { silent } from '../helpers/database.ts';
import { until } from '../helpers/wait.ts';

void test('a chore goes on while there is more to do, whatever another one meets, and not once all stops', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const nothing = (async () => []) as unknown as postgres.Sql;
  const warnings: object[] = [];
  let steps = 0;
  let endless = 0;
  const maintenance = createMaintenance({
    sql: nothing,
    clock: createClock(Date.now, 0),
    log: { ...silent, warn: (object) => warnings.push(object) },
    leads: () => true,
    chores: [
      { name: 'broken', step: () => Promise.reject(new Error('no room left')) },
      { name: 'short', step: async () => ++steps < 3 },
      { name: 'endless', step: async () => ++endless > 0 },
    ],
  });
  maintenance.start();
  t.mock.timers.tick(15_000);
  await until('the last has its turn', () => endless > 1);
  assert.equal(steps, 3);
  assert.deepEqual(
    warnings.map((one) => ('chore' in one ? one.chore : null)),
    ['broken'],
  );
  await maintenance.stop();
  const done = endless;
  t.mock.timers.tick(60_000);
  await new Promise(setImmediate);
  assert.equal(endless, done);
});

void test('chores are done by whoever leads, and left between two steps; the time is kept by all', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let kept = 0;
  const counting = (async () => {
    kept++;
    return [];
  }) as unknown as postgres.Sql;
  let leads = false;
  let steps = 0;
  const maintenance = createMaintenance({
    sql: counting,
    clock: createClock(Date.now, 0),
    log: silent,
    leads: () => leads,
    chores: [{ name: 'endless', step: async () => ++steps > 0 }],
  });
  maintenance.start();
  t.mock.timers.tick(15_000);
  await until('the time is kept', () => kept === 1);
  assert.equal(steps, 0);
  leads = true;
  t.mock.timers.tick(15_000);
  await until('it is done', () => steps > 1);
  leads = false;
  await maintenance.stop();
  const done = steps;
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(steps, done);
});
