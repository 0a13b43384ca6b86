import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../../../db/domain/row.ts';
import type { Value } from '../../../db/domain/types.ts';
import { encodeValue } from '../../../db/domain/value-codec.ts';
import { mergeRows, packRows, unpackKeys, unpackRows } from '../../../db/history/codec/chunk.ts';
import { packMinutes, unpackMinutes } from '../../../db/history/codec/minutes.ts';
import { HourBuilder } from '../../../db/history/hour-builder.ts';
import { SummaryBuilder } from '../../../db/history/summary.ts';
import { type Random, randomOf } from '../../helpers/random.ts';

const HOUR_START = Date.UTC(2026, 0, 15, 10) * 1000;
const HOUR = 3_600_000_000;
const MINUTE = 60_000_000;

const NUMBERS = [
  -0,
  0,
  0.1 + 0.2,
  1 / 3,
  -123.456,
  5e-324,
  1.7976931348623157e308,
  -1e300,
  1e-9,
  2 ** 53,
  -(2 ** 53),
  2 ** 50 + 1,
  9_007_199_254_740_991,
  Math.fround(23.4),
  12345678.9,
  1e21,
];
const TEXTS = [
  '',
  '25.50',
  '1e5',
  '+3',
  '-0',
  '007',
  'ON',
  'a,"b"\\{}\n',
  'NULL',
  '🌡️'.repeat(2048),
  'é\u0301',
  '𝕏',
];

type Maker = (random: Random, i: number) => Value;
const COLUMNS: Record<string, Maker> = {
  'two decimals': (random) => Math.round(random.next() * 10_000) / 100,
  '17 digits': (random) => random.next() * 10 ** (random.below(40) - 20),
  'floats of 32 bits': (random) => Math.fround(random.next() * 100),
  'whole numbers': (random) => random.below(2 ** 31) * 4_194_304,
  'zeros of both signs': (random) => random.pick([-0, 0, 1.5]),
  'every odd number': (random) => random.pick(NUMBERS),
  'any bits that are a number': (random) => {
    const bytes = Buffer.from(Array.from({ length: 8 }, () => random.below(256)));
    const number = bytes.readDoubleLE(0);
    return Number.isFinite(number) ? number : 0;
  },
  'the smallest numbers': (random) => (random.below(2 ** 31) - 2 ** 30) * 5e-324,
  'the largest numbers': (random) => random.pick([1e308, -1e308, Number.MAX_VALUE, 1]),
  'text of numbers, told oddly': (random) =>
    random.pick(['25.50', '1e5', '+3', '-0', '.5', '5.', '1E-7', '1e999']),
  booleans: (random) => random.next() < 0.5,
  'numbers as text': (random) => String(random.below(1000) / 10),
  'all kinds of text': (random) => random.pick(TEXTS),
  'texts that never repeat': (_, i) => `reading ${i} ${'x'.repeat(i % 50)}`,
  'all mixed': (random) => random.pick<Value>([random.pick(NUMBERS), random.pick(TEXTS), true, false, 21.5]),
  'always the same': () => 21.5,
};

/** Ascending, some at the same time with another sequence number, up to the last microsecond of the hour. */
function rowsOf(random: Random, count: number, make: Maker): Row[] {
  const steady = random.next() < 0.5;
  const keys = Array.from({ length: count }, (_, i) => ({
    at: HOUR_START + (steady ? Math.floor((i * (HOUR - 1)) / Math.max(1, count - 1)) : random.below(HOUR)),
    seq: random.pick([0, 0, i, random.below(2 ** 31), Number.MAX_SAFE_INTEGER - i]),
  }));
  const distinct = new Map(keys.map((key) => [`${key.at}/${key.seq}`, key]));
  return [...distinct.values()]
    .sort((a, b) => a.at - b.at || a.seq - b.seq)
    .map((key, i) => ({ ...key, ...encodeValue(make(random, i)) }));
}

function assertSame(actual: readonly Row[], expected: readonly Row[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, row] of expected.entries()) {
    const got = actual[i];
    const same = got !== undefined && Object.is(got.num, row.num);
    assert.ok(same, `${got?.num}, not ${row.num}`);
    assert.deepEqual({ ...got, num: 0 }, { ...row, num: 0 });
  }
}

for (const [name, make] of Object.entries(COLUMNS)) {
  void test(`packing gives back what went in: ${name}`, () => {
    const random = randomOf(name.length);
    for (const count of [0, 1, 2, 59, 700, 3600]) {
      const rows = rowsOf(random, count, make);
      const packed = packRows(HOUR_START, rows);
      assertSame(unpackRows(HOUR_START, packed), rows);
      assert.deepEqual(
        unpackKeys(HOUR_START, packed.keys),
        rows.map(({ at, seq }) => ({ at, seq })),
      );
    }
  });
}

void test('an hour of many readings is packed in parts, of which each can be read by itself', () => {
  const rows = rowsOf(randomOf(7), 40_000, (_, i) => i / 10);
  const builder = new HourBuilder(HOUR_START, { pack: true });
  for (let i = 0; i < rows.length; i += 999) builder.add(rows.slice(i, i + 999));
  const { parts, hour } = builder.finish();
  assert.deepEqual(
    parts.map(({ count }) => count),
    [16_384, 16_384, rows.length - 2 * 16_384],
  );
  assertSame(
    parts.flatMap((part) => unpackRows(HOUR_START, part)),
    rows,
  );
  assert.equal(hour?.count, rows.length);
  let before = 0;
  for (const { firstSecond, lastSecond } of parts) {
    assert.ok(firstSecond >= before && lastSecond >= firstSecond && lastSecond < 3600);
    before = lastSecond;
  }
});

void test('a steady sensor takes a few bytes a reading', () => {
  const random = randomOf(3);
  let value = 20;
  const rows = Array.from({ length: 3600 }, (_, i) => {
    value = Math.round((value + (random.next() - 0.5) / 10) * 100) / 100;
    return { at: HOUR_START + i * 1_000_000 + random.below(20) * 1000, seq: 0, ...encodeValue(value) };
  });
  const { keys, values } = packRows(HOUR_START, rows);
  assert.ok((keys.length + values.length) / rows.length < 3, `${keys.length} and ${values.length} bytes`);
});

void test('two lists are one, each key once', () => {
  const random = randomOf(9);
  const all = rowsOf(random, 500, () => 1);
  const first = all.filter(() => random.next() < 0.6);
  const second = all.filter((row) => !first.includes(row) || random.next() < 0.3);
  assertSame(mergeRows(first, second), all);
  assertSame(mergeRows(second, first), all);
});

void test('minutes give back what went in', () => {
  for (const [name, make] of Object.entries(COLUMNS)) {
    const random = randomOf(name.length);
    const minutes = Array.from({ length: 60 }, (_, m) => m)
      .filter(() => random.next() < 0.8)
      .map((m) => {
        const at = HOUR_START + m * MINUTE;
        const builder = new SummaryBuilder(at, at + MINUTE);
        for (let i = 0; i < 1 + random.below(20); i++) {
          builder.add({ at: at + i * 3_000_000, seq: 0, ...encodeValue(make(random, i)) });
        }
        const summary = builder.finish();
        assert.ok(summary !== null);
        return { at, summary };
      });
    const some = minutes.some(({ summary }) => summary.states !== null);
    const expected = minutes.map(({ at, summary }) => ({
      at,
      summary: { ...summary, lead: some ? summary.lead : 0 },
    }));
    assert.deepEqual(unpackMinutes(HOUR_START, packMinutes(HOUR_START, minutes)), expected, name);
  }
});

void test('damaged bytes are an error, or something else, and never the end of the process', () => {
  const random = randomOf(11);
  for (const make of Object.values(COLUMNS)) {
    const { keys, values } = packRows(HOUR_START, rowsOf(random, 200, make));
    for (let i = 0; i < 60; i++) {
      const damaged = { keys: Buffer.from(keys), values: Buffer.from(values) };
      const half = random.pick([damaged.keys, damaged.values]);
      half[random.below(half.length)] = random.below(256);
      if (random.next() < 0.3) damaged.values = damaged.values.subarray(0, random.below(values.length));
      const before = process.cpuUsage();
      try {
        unpackRows(HOUR_START, damaged);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
      // Of the processor: what else the machine does is no fault of the codec.
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 1_000_000);
    }
  }
});
