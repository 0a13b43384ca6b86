import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, type HistoryPoint, longestJoin, rowAt } from '../../web/state/chart-columns.ts';

const START = Date.parse('2026-03-10T00:00:00Z');
const MINUTE = 60_000;
const point = (minute: number, avg: number | null = 20): HistoryPoint => ({
  at: new Date(START + minute * MINUTE).toISOString(),
  min: avg === null ? null : avg - 1,
  max: avg === null ? null : avg + 1,
  avg,
  count: 1,
  last: avg ?? 'text',
});
const LATER = START + 1e9;

void test('a point stands in the middle of its interval, and none after the present', () => {
  const now = START + 2 * MINUTE + 10_000;
  const { xs, avg, min, max } = columnsOf([point(0, 1), point(1, 2), point(2, 3)], 60, now);
  assert.deepEqual(xs, [START / 1000 + 30, START / 1000 + 90, now / 1000]);
  assert.deepEqual(
    [avg, min, max],
    [
      [1, 2, 3],
      [0, 1, 2],
      [2, 3, 4],
    ],
  );
});

void test('a gap breaks the line, and a short one does not', () => {
  const minutes = [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 15, 16];
  const { avg, points } = columnsOf(
    minutes.map((m) => point(m, m)),
    60,
    LATER,
  );
  assert.deepEqual(avg, [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, null, 15, 16]);
  assert.equal(points[10], null);
});

void test('a device that reports less often than an interval is long has a line all the same', () => {
  const minutes = [0, 10, 20, 30, 70, 80];
  const columns = columnsOf(
    minutes.map((m) => point(m, m)),
    60,
    LATER,
  );
  assert.deepEqual(columns.avg, [0, 10, 20, 30, null, 70, 80]);
  assert.equal(
    longestJoin(
      minutes.map((m) => m * MINUTE),
      MINUTE,
    ),
    30 * MINUTE,
  );
});

void test('points without a neighbour are told, so that they are drawn', () => {
  const minutes = [0, 1, 2, 3, 4, 20, 40, 41, 42, 43, 44];
  const { lonely, avg } = columnsOf(
    minutes.map((m) => point(m, m)),
    60,
    LATER,
  );
  assert.deepEqual(
    lonely.map((row) => avg[row]),
    [20],
  );
  assert.deepEqual(columnsOf([point(0)], 60, LATER).lonely, [0]);
});

void test('texts have no place in a line', () => {
  assert.deepEqual(columnsOf([point(0, null), point(1, 5)], 60, LATER).avg, [5]);
});

void test('the row that is nearest to a time is found within reach only', () => {
  const columns = columnsOf(
    [0, 1, 2, 30, 31].map((m) => point(m, m)),
    60,
    LATER,
  );
  const x = (minute: number) => START / 1000 + minute * 60;
  assert.equal(columns.avg[rowAt(columns, x(1.6), 60) ?? -1], 1);
  assert.equal(rowAt(columns, x(15), 60), null);
});
