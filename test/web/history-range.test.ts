import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  everyMsOf,
  moved,
  PRESET_MS,
  PRESETS,
  partsOf,
  questionOf,
  SHORTEST_MS,
  settled,
  shownOfParts,
  spanOf,
  zoomed,
} from '../../web/state/history-range.ts';

const NOW = Date.parse('2026-03-10T12:34:56.789Z');
const HOUR = 3_600_000;
const lengthOf = ({ from, to }: { from: number; to: number }) => to - from;

void test('an address tells what is shown, and back', () => {
  for (const preset of PRESETS) assert.deepEqual(shownOfParts(partsOf({ preset })), { preset });
  const span = { from: Date.parse('2025-03-01T00:00:00Z'), to: Date.parse('2025-03-02T10:30:05Z') };
  assert.deepEqual(partsOf(span), ['20250301T000000Z', '20250302T103005Z']);
  assert.deepEqual(shownOfParts(partsOf(span)), span);
});

void test('an address that is none of ours shows the last day', () => {
  for (const parts of [
    [],
    ['decade'],
    ['20250301T000000Z'],
    ['20250302T000000Z', '20250301T000000Z'],
    ['x', 'y'],
  ])
    assert.deepEqual(shownOfParts(parts), { preset: 'day' });
});

void test('a question of the last so much stays the same until an interval has passed', () => {
  for (const preset of PRESETS) {
    const { stepMs } = questionOf({ preset }, NOW, 600);
    const begin = Math.floor(NOW / stepMs) * stepMs;
    const first = questionOf({ preset }, begin, 600);
    assert.deepEqual(questionOf({ preset }, begin + stepMs - 1, 600), first);
    assert.notDeepEqual(questionOf({ preset }, begin + stepMs, 600), first);
    assert.ok(Date.parse(first.from) <= begin - PRESET_MS[preset]);
    assert.ok(Date.parse(first.to) >= begin);
  }
});

void test('its intervals are of whole steps, and as many as fit', () => {
  for (const preset of PRESETS) {
    for (const points of [100, 211, 600, 5000]) {
      const question = questionOf({ preset }, NOW, points);
      const length = Date.parse(question.to) + 1 - Date.parse(question.from);
      assert.equal(length, question.points * question.stepMs);
      assert.ok(question.points <= Math.min(points, 2000), `${preset}: ${question.points} of ${points}`);
      assert.match(question.to, /\.\d{3}999Z$/);
    }
  }
});

void test('a time with both its ends is asked for exactly', () => {
  const { from, to, points } = questionOf({ from: NOW - 5000, to: NOW }, NOW + HOUR, 700);
  assert.equal(from, '2026-03-10T12:34:51.789Z');
  assert.equal(to, '2026-03-10T12:34:56.788999Z');
  assert.equal(points, 700);
});

void test('what is under the pointer stays there while it is zoomed', () => {
  const span = { from: NOW - 10 * HOUR, to: NOW - 6 * HOUR };
  const near = zoomed(span, 0.5, 0.25, NOW);
  assert.deepEqual(near, { from: NOW - 9.5 * HOUR, to: NOW - 7.5 * HOUR });
  assert.deepEqual(zoomed(near, 2, 0.25, NOW), span);
});

void test('nothing of the time to come is shown, and nothing shorter than what can be told apart', () => {
  const last = spanOf({ preset: 'day' }, NOW);
  assert.deepEqual(moved(last, 1, NOW), last);
  assert.deepEqual(moved(last, -1, NOW), { from: last.from - 24 * HOUR, to: last.from });
  assert.equal(zoomed(last, 2, 0.5, NOW).to, NOW);
  assert.equal(lengthOf(zoomed(last, 1e-9, 0.5, NOW)), SHORTEST_MS);
  assert.ok(zoomed(last, 1e9, 0.5, NOW).from >= 0);
});

void test('what was moved to the present is the last so much again', () => {
  assert.deepEqual(settled({ from: NOW - 24 * HOUR - 1000, to: NOW - 1000 }, NOW), { preset: 'day' });
  const shorter = settled({ from: NOW - 20 * HOUR, to: NOW }, NOW);
  assert.deepEqual(shorter, { from: NOW - 20 * HOUR - 789, to: NOW - 789 });
  assert.deepEqual(shownOfParts(partsOf(shorter)), shorter);
});

void test('the present is asked for often, and what has passed seldom', () => {
  assert.equal(everyMsOf({ preset: 'hour' }, 10_000, NOW), 10_000);
  assert.equal(everyMsOf({ preset: 'year' }, 86_400_000, NOW), 600_000);
  assert.equal(everyMsOf({ from: NOW - 3 * HOUR, to: NOW - 2 * HOUR }, 6000, NOW), 120_000);
});
