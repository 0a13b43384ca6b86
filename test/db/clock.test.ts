import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTrustWaiter } from '../../broker/trust.ts';
import { createClock } from '../../db/domain/clock.ts';
import { silent } from '../helpers/database.ts';

const BUILT = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

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

void test('while the clock is wrong, time is what was known last and has passed since', () => {
  let [now, elapsed] = [0, 1000];
  const clock = createClock(() => now, BUILT, { elapsed: () => elapsed });
  elapsed += 5 * MINUTE;
  assert.equal(clock.now(), BUILT + 5 * MINUTE);
  now = BUILT + 60 * MINUTE;
  assert.equal(clock.now(), now);
  clock.stored(now * 1000);
  now = 0;
  elapsed += MINUTE;
  assert.equal(clock.now(), BUILT + 61 * MINUTE);
});

void test('a clock that leaps far ahead proves nothing for an hour', () => {
  let [now, elapsed] = [BUILT, 0];
  const clock = createClock(() => now, BUILT, { elapsed: () => elapsed });
  now += 60 * DAY;
  clock.stored(now * 1000);
  elapsed += 59 * MINUTE;
  clock.stored(now * 1000 + 1);
  assert.equal(clock.watermark(), BUILT);
  now = BUILT + MINUTE;
  assert.equal(clock.trusted(), true, 'set right again');
  clock.stored(now * 1000);
  now += 60 * DAY;
  clock.stored(now * 1000);
  elapsed += 61 * MINUTE;
  clock.stored(now * 1000 + 1);
  assert.equal(clock.watermark(), now);
});

void test('a clock far behind the newest reading, and yet possible, is believed after a day', () => {
  let [now, elapsed] = [BUILT + DAY, 0];
  const clock = createClock(() => now, BUILT + 3650 * DAY, { built: BUILT, elapsed: () => elapsed });
  assert.equal(clock.trusted(), false);
  elapsed += DAY - MINUTE;
  assert.equal(clock.trusted(), false);
  // Fallen back to 1970 meanwhile: it begins anew.
  now = 0;
  assert.equal(clock.trusted(), false);
  now = BUILT + 2 * DAY;
  elapsed += 2 * MINUTE;
  assert.equal(clock.trusted(), false);
  elapsed += DAY;
  assert.deepEqual([clock.trusted(), clock.corrected(), clock.watermark()], [true, true, now]);
});

void test('after a clock that ran ahead has been set back, arrivals are of the right time', () => {
  let now = BUILT + 60 * DAY;
  const clock = createClock(() => now, BUILT);
  clock.arrival();
  now = BUILT;
  assert.equal(Math.floor(clock.arrival() / 1000), BUILT);
  assert.equal(Math.floor(clock.arrival() / 1000), BUILT);
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
