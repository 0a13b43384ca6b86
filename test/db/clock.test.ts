import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrustWaiter } from '../../broker/trust.ts';
import { createClock } from '../../db/domain/clock.ts';
import { silent } from '../helpers/database.ts';

const BUILT = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

void test('a clock before what has certainly passed is not believed, until it is right', () => {
  let now = 0;
  const clock = createClock(() => now, BUILT);
  assert.equal(clock.trusted(), false);
  clock.stored(Date.UTC(2199, 0, 1) * 1000);
  assert.equal(clock.watermark(), BUILT);
  now = BUILT - 6 * MINUTE;
  assert.equal(clock.trusted(), false);
  now = BUILT + MINUTE;
  assert.equal(clock.trusted(), true);
  assert.equal(clock.watermark(), BUILT);
  // A clock that jumped far ahead and back, while nothing was stored, is believed again.
  now = BUILT + 1000 * MINUTE;
  assert.equal(clock.trusted(), true);
  now = BUILT + 60 * MINUTE;
  assert.equal(clock.trusted(), true);
  clock.stored(now * 1000 + 999);
  clock.stored((now - MINUTE) * 1000);
  // Set back by a small step: still believed; by an hour: not.
  now -= 4 * MINUTE;
  assert.equal(clock.trusted(), true);
  now -= 60 * MINUTE;
  assert.equal(clock.trusted(), false);
  assert.equal(clock.watermark(), BUILT + 60 * MINUTE);
});

void test('no two arrivals are at the same time, though the clock stands still or goes back', () => {
  let now = BUILT;
  const clock = createClock(() => now, 0);
  const arrivals = [clock.arrival(), clock.arrival()];
  now -= 1000;
  arrivals.push(clock.arrival());
  assert.deepEqual(arrivals, [BUILT * 1000, BUILT * 1000 + 1, BUILT * 1000 + 2]);
});

void test('what waits for a clock that can be believed is done once it can', async (t) => {
  let trusted = false;
  const waiter = createTrustWaiter({ trusted: () => trusted }, silent, () => {});
  t.after(waiter.stop);
  const done: number[] = [];
  const all = new Promise<void>((resolve) => {
    waiter.whenTrusted(() => done.push(1));
    waiter.whenTrusted(() => {
      done.push(2);
      resolve();
    });
  });
  assert.deepEqual(done, []);
  trusted = true;
  await all;
  assert.deepEqual(done, [1, 2]);
});
