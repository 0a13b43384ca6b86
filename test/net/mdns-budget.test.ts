import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from '../../net/mdns/budget.ts';

/** Packets that are read in ten seconds of a flood, each of which takes so many milliseconds. */
function readOf(milliseconds: number): number {
  let now = 0;
  const budget = createBudget(() => now);
  let read = 0;
  while (now < 10_000) {
    if (budget.take()) {
      now += milliseconds;
      budget.spent(milliseconds);
      read++;
    } else now += 1;
  }
  return read;
}

void test('a flood of mDNS gets a hundred packets a second, and a twentieth of the time whatever they are made of', () => {
  const cheap = readOf(0.01);
  assert.ok(cheap > 1000 && cheap < 1300, `${cheap}`);
  for (const milliseconds of [1, 5, 20]) {
    const busy = readOf(milliseconds) * milliseconds;
    assert.ok(busy < 10_000 * 0.07, `${busy} ms of ten seconds`);
  }
  // What a machine that stood still has waited for holds nothing up for longer than two seconds.
  let now = 0;
  const budget = createBudget(() => now);
  budget.take();
  budget.spent(60_000);
  now = 2000;
  assert.ok(budget.take());
});
