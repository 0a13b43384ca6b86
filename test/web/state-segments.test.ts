import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryPoint } from '../../web/state/chart-columns.ts';
import {
  inLanes,
  lanesOf,
  OTHER,
  ofSwitch,
  type Segment,
  segmentsOf,
  totalsOf,
} from '../../web/state/state-segments.ts';

const FROM = Date.parse('2026-03-10T00:00:00Z');
const S = 1000;
const numbers = { min: null, max: null, avg: null, count: 1 };
const point = (second: number, states: Record<string, number>, last: string): HistoryPoint => ({
  ...numbers,
  at: new Date(FROM + second * S).toISOString(),
  states,
  last,
});
const told = (segments: readonly Segment[]) =>
  segments.map(({ from, to, shares }) => [(from - FROM) / S, (to - FROM) / S, Object.fromEntries(shares)]);

void test('a state lasts until the next reading, and to the end', () => {
  const points = [point(0, { on: 10 }, 'on'), point(30, { on: 4, off: 6 }, 'off')];
  const history = { points, interval: 10, stats: { states: { on: 34, off: 26 } } };
  assert.deepEqual(told(segmentsOf(history, FROM, FROM + 60 * S)), [
    [0, 30, { on: 1 }],
    [30, 40, { on: 0.4, off: 0.6 }],
    [40, 60, { off: 1 }],
  ]);
});

void test('the state of before the first point is what the sums have more', () => {
  const points = [point(20, { off: 10 }, 'off')];
  const history = { points, interval: 10, stats: { states: { on: 20, off: 40 } } };
  assert.deepEqual(told(segmentsOf(history, FROM, FROM + 60 * S)), [
    [0, 20, { on: 1 }],
    [20, 60, { off: 1 }],
  ]);
  const silent = { points: [], interval: 10, stats: { states: { on: 60 } } };
  assert.deepEqual(told(segmentsOf(silent, FROM, FROM + 60 * S)), [[0, 60, { on: 1 }]]);
});

void test('nothing is claimed of the time before anything was told', () => {
  const points = [point(20, { off: 5 }, 'off')];
  const history = { points, interval: 10, stats: { states: { off: 35 } } };
  assert.equal(segmentsOf(history, FROM, FROM + 60 * S)[0]?.from, FROM + 20 * S);
  assert.deepEqual(segmentsOf({ points: [], interval: 10, stats: {} }, FROM, FROM + 60 * S), []);
});

void test('a switch that tells 0 and 1 has states', () => {
  const points = [
    { ...point(0, {}, ''), avg: 0.5, min: 0, max: 1, last: 1 },
    { ...point(30, {}, ''), avg: 0, min: 0, max: 0, last: 0 },
  ];
  const history = ofSwitch({ points, interval: 10, stats: {} }, FROM, FROM + 60 * S);
  assert.deepEqual(told(segmentsOf(history, FROM, FROM + 60 * S)), [
    [0, 10, { 0: 0.5, 1: 0.5 }],
    [10, 30, { 1: 1 }],
    [30, 60, { 0: 1 }],
  ]);
  assert.deepEqual(history.stats.states, { 0: 35, 1: 25 });
});

void test('lanes come in the order of the options, with what is off last and the rare ones together', () => {
  const totals = new Map([
    ['off', 9],
    ['heat', 5],
    ['cool', 4],
  ]);
  assert.deepEqual(lanesOf(totals, ['cool', 'heat', 'off']), ['cool', 'heat', 'off']);
  assert.deepEqual(lanesOf(totals, []), ['heat', 'cool', 'off']);
  const many = new Map(Array.from({ length: 20 }, (_, index) => [`state ${index}`, 20 - index]));
  const lanes = lanesOf(many, []);
  assert.deepEqual(lanes, [...[0, 1, 2, 3, 4, 5, 6].map((index) => `state ${index}`), OTHER]);
  const segment = { from: 0, to: 1000, shares: new Map([...many.keys()].map((state) => [state, 0.05])) };
  const [laned] = inLanes([segment], lanes);
  assert.equal(laned?.shares.size, 8);
  assert.ok(Math.abs((laned?.shares.get(OTHER) ?? 0) - 0.65) < 1e-9);
});

void test('sums of states come longest first', () => {
  const segments = [
    { from: 0, to: 10_000, shares: new Map([['a', 1]]) },
    {
      from: 10_000,
      to: 40_000,
      shares: new Map([
        ['a', 0.25],
        ['b', 0.75],
      ]),
    },
  ];
  assert.deepEqual(
    [...totalsOf(segments)],
    [
      ['b', 22.5],
      ['a', 17.5],
    ],
  );
});
