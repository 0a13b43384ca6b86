import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HURRY_FOR_MS, nextDelay, type Pace } from '../../web/state/schedule.ts';
import { randomOf } from '../helpers/random.ts';

const NOW = 1_000_000;
const pace = (more: Partial<Pace> = {}): Pace => ({
  failures: 0,
  hidden: false,
  hurriedUntil: 0,
  notBefore: 0,
  now: NOW,
  random: 0.5,
  ...more,
});

void test('every 10 s, every 2 s for 30 s after a command, every 60 s while nobody looks', () => {
  assert.equal(nextDelay(pace()), 10_000);
  assert.equal(HURRY_FOR_MS, 30_000);
  assert.equal(nextDelay(pace({ hurriedUntil: NOW + 1 })), 2000);
  assert.equal(nextDelay(pace({ hurriedUntil: NOW })), 10_000);
  assert.equal(nextDelay(pace({ hidden: true })), 60_000);
  assert.equal(nextDelay(pace({ hidden: true, hurriedUntil: NOW + 30_000 })), 60_000);
});

void test('a server that is away is asked less and less often, and not by all at once', () => {
  const bases = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
  for (const [i, base] of bases.entries()) {
    const failures = i + 1;
    assert.equal(nextDelay(pace({ failures, random: 0 })), base * 0.5);
    assert.equal(nextDelay(pace({ failures, random: 0.5 })), base);
    assert.ok(nextDelay(pace({ failures, random: 0.999_999 })) < base * 1.5);
    assert.ok(nextDelay(pace({ failures, hidden: true })) >= 60_000);
  }
});

void test('never before the server wants to be asked, and never later than 60 s unless it wants so', () => {
  const { next, below } = randomOf(7);
  for (let run = 0; run < 5000; run += 1) {
    const given = pace({
      failures: next() < 0.5 ? 0 : below(10 ** below(7)),
      hidden: next() < 0.3,
      hurriedUntil: NOW + below(60_000) - 30_000,
      notBefore: next() < 0.5 ? 0 : NOW + below(200_000) - 50_000,
      random: next(),
    });
    const delay = nextDelay(given);
    const told = JSON.stringify(given);
    assert.ok(delay >= 500 && Number.isFinite(delay), told);
    assert.ok(delay >= given.notBefore - NOW, told);
    assert.ok(delay <= Math.max(60_000, given.notBefore - NOW), told);
  }
});
