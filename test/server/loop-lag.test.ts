import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createLoopLag } from '../../server/loop-lag.ts';
import { until } from '../helpers/wait.ts';

const BLOCK_MS = 300;
/** A machine that is busy with other tests is late by itself. */
const MUCH_MS = 250;

function block(): void {
  const end = performance.now() + BLOCK_MS;
  while (performance.now() < end);
}

function measured(t: TestContext, windowMs?: number) {
  const lag = createLoopLag(windowMs);
  lag.start();
  t.after(lag.stop);
  return lag;
}

void test('a loop that was blocked is late by as much', async (t) => {
  const lag = measured(t);
  assert.equal(lag.p99(), 0, 'nothing has been measured yet');
  await until('it is measured', () => {
    block();
    return lag.p99() >= MUCH_MS;
  });
});

void test('what was measured is told for one more window, and forgotten then', async (t) => {
  const windowMs = 1000;
  const lag = measured(t, windowMs);
  await until('it is measured', () => {
    block();
    return lag.p99() >= MUCH_MS;
  });
  const at = performance.now();
  await until('it is forgotten', () => lag.p99() < MUCH_MS);
  assert.ok(performance.now() - at >= windowMs / 2, 'the window that began meanwhile has passed, too');
});
