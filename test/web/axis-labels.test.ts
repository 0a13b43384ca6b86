import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisLabels, lengthLabel, spanLabel } from '../../web/state/axis-labels.ts';

const seconds = (text: string) => Date.parse(text) / 1000;
const HOUR = 3600;

void test('hours have the day under the first one and under each new one, in the given zone', () => {
  const marks = [0, 6, 12, 18].map((hours) => seconds('2026-03-10T12:00:00Z') + hours * HOUR);
  const labels = axisLabels(marks, 6 * HOUR, 'en-GB', 'Asia/Bangkok');
  assert.deepEqual(labels, ['19:00\n10 Mar', '01:00\n11 Mar', '07:00', '13:00']);
});

void test('months are in the language, and years in its calendar', () => {
  const marks = ['2025-12-01', '2026-01-01', '2026-02-01'].map((day) => seconds(`${day}T00:00:00Z`));
  assert.deepEqual(axisLabels(marks, 30 * 24 * HOUR, 'th', 'UTC'), [
    'ธ.ค.\nพ.ศ. 2568',
    'ม.ค.\nพ.ศ. 2569',
    'ก.พ.',
  ]);
});

void test('marks that are close have seconds', () => {
  assert.match(axisLabels([seconds('2026-03-10T12:00:05Z')], 5, 'en-GB', 'UTC')[0] ?? '', /^12:00:05/);
  assert.match(axisLabels([seconds('2026-03-10T12:00:05Z') + 0.25], 0.25, 'en-GB', 'UTC')[0] ?? '', /5\.25/);
});

void test('a short time has its clock, a long one its days', () => {
  const from = Date.parse('2026-03-10T12:00:00Z');
  assert.match(spanLabel(from, from + HOUR * 1000, 'en-GB', 'UTC'), /12:00\D+13:00/);
  assert.doesNotMatch(spanLabel(from, from + 30 * 24 * HOUR * 1000, 'en-GB', 'UTC'), /:/);
});

void test('a length of time has its two largest units', () => {
  assert.equal(lengthLabel(0, 'en'), '0 sec');
  assert.equal(lengthLabel(59_600, 'en'), '1 min');
  assert.equal(lengthLabel((3 * 24 + 14) * HOUR * 1000, 'en'), '3 days 14 hr');
  assert.equal(lengthLabel((2 * HOUR + 5 * 60 + 59) * 1000, 'th'), '2 ชม. 5 นาที');
});
