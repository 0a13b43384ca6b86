import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareKeys, type Row } from '../../../db/domain/row.ts';
import type { Value } from '../../../db/domain/types.ts';
import { encodeValue, KIND } from '../../../db/domain/value-codec.ts';
import { ByteReader, ByteWriter } from '../../../db/history/codec/bytes.ts';
import { MAX_ROWS, packRows, unpackKeys, unpackRows } from '../../../db/history/codec/chunk.ts';
import { writeNumbers, writeTexts, writeTimes, writeWholes } from '../../../db/history/codec/columns.ts';
import { type MinuteSummary, packMinutes, unpackMinutes } from '../../../db/history/codec/minutes.ts';
import { HOUR, MINUTE, SECOND } from '../../../db/history/spans.ts';
import { SummaryBuilder } from '../../../db/history/summary.ts';
import { type Random, randomOf } from '../../helpers/random.ts';

const START = Date.UTC(2026, 0, 10, 7) * 1000;
const VERSION = 1;

const VALUES: ((random: Random) => Value)[] = [
  (random) => random.below(10_000) / 100,
  (random) => random.next() * 1e9,
  (random) => Math.fround(random.next()),
  (random) => random.pick(['open', 'closed', '25.50', '', '🌡️']),
  (random) => random.next() < 0.5,
  (random) => random.pick<Value>([-0, 5e-324, 'on', true, '1e5', random.next()]),
];

function rowsOf(random: Random): Row[] {
  const value = random.pick(VALUES);
  return Array.from({ length: 1 + random.below(60) }, (_, i) => ({
    at: START + i * SECOND + random.pick([0, 0, 7]),
    seq: random.below(3),
    ...encodeValue(value(random)),
  }));
}

function minutesOf(random: Random): MinuteSummary[] {
  const value = random.pick(VALUES);
  return Array.from({ length: 1 + random.below(60) }, (_, m) => {
    const at = START + m * MINUTE;
    const builder = new SummaryBuilder(at, at + MINUTE);
    for (let i = 0; i < 5; i++) builder.add({ at: at + i * SECOND, seq: 0, ...encodeValue(value(random)) });
    const summary = builder.finish();
    assert.ok(summary !== null);
    return { at, summary };
  });
}

/** Cut short, or with some bits the other way round. */
function damaged(random: Random, bytes: Buffer): Buffer {
  if (random.next() < 0.3) return bytes.subarray(0, random.below(bytes.length));
  const found = Buffer.from(bytes);
  for (let flips = 1 + random.below(4); flips > 0; flips--) {
    const i = random.below(found.length);
    found[i] = (found[i] ?? 0) ^ (1 << random.below(8));
  }
  return found;
}

/** null: an Error, as it may be. */
function outcome<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof Error);
    return null;
  }
}

/** Written without deflating, so that a byte can be set by hand. */
function bytesOf(write: (out: ByteWriter) => void): Buffer {
  const out = new ByteWriter();
  out.byte(VERSION);
  write(out);
  return out.packed();
}

const keysOf = (times: readonly number[], seqs: readonly number[], count = times.length) =>
  bytesOf((out) => {
    out.varint(count);
    writeTimes(out, times);
    writeWholes(out, seqs);
  });

void test('damaged readings are an error, or at least readings of that hour in order', () => {
  let errors = 0;
  const tries = 6000;
  for (let seed = 0; seed < tries; seed++) {
    const random = randomOf(seed);
    const { keys, values } = packRows(START, rowsOf(random));
    const wrong = random.next() < 0.5;
    const packed = {
      keys: wrong ? damaged(random, keys) : keys,
      values: wrong ? values : damaged(random, values),
    };
    const rows = outcome(() => unpackRows(START, packed));
    if (rows === null) {
      errors++;
      continue;
    }
    assert.ok(rows.length <= MAX_ROWS);
    for (const [i, row] of rows.entries()) {
      const before = rows[i - 1];
      assert.ok(row.at >= START && row.at < START + HOUR, `seed ${seed}: ${row.at}`);
      assert.ok(before === undefined || compareKeys(before, row) <= 0, `seed ${seed}`);
      assert.ok(row.num === null || Number.isFinite(row.num), `seed ${seed}: ${row.num}`);
      assert.ok(Object.values<number>(KIND).includes(row.kind), `seed ${seed}: kind ${row.kind}`);
    }
  }
  assert.ok(errors > tries / 2, `${errors} of ${tries} were noticed`);
});

void test('damaged minutes are an error, or at most sixty of that hour', () => {
  for (let seed = 0; seed < 3000; seed++) {
    const random = randomOf(seed);
    const packed = damaged(random, packMinutes(START, minutesOf(random)));
    const minutes = outcome(() => unpackMinutes(START, packed)) ?? [];
    assert.ok(minutes.length <= 60);
    for (const { at, summary } of minutes) {
      assert.ok(at >= START && at < START + HOUR, `seed ${seed}`);
      for (const number of [summary.min, summary.max, summary.sum])
        assert.ok(number === null || Number.isFinite(number), `seed ${seed}: ${number}`);
    }
  }
});

void test('a count that nothing can have is refused before there is room made for it', () => {
  for (const count of [MAX_ROWS + 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1]) {
    assert.throws(() => unpackKeys(START, keysOf([], [], count)), RangeError, String(count));
  }
  assert.throws(() => unpackKeys(START, keysOf([1, 2, 3], [0, 0, 0], MAX_ROWS)), RangeError);
  const minutes = bytesOf((out) => {
    out.byte(61);
    out.raw(Buffer.alloc(1000));
  });
  assert.throws(() => unpackMinutes(START, minutes), RangeError);
  const text = bytesOf((out) => {
    out.varint(2 ** 40);
    out.byte(65);
  });
  const from = new ByteReader(text);
  from.byte();
  assert.throws(() => from.text(), RangeError);
});

void test('a number that does not end is refused, and is no number of readings', () => {
  for (const byte of [0x80, 0xff]) {
    const endless = Buffer.concat([Buffer.of(0, VERSION), Buffer.alloc(200, byte), Buffer.alloc(50, 1)]);
    assert.throws(() => unpackKeys(START, endless), /does not end/);
  }
});

void test('the largest and smallest numbers that are written end in time', () => {
  const out = new ByteWriter();
  const wholes = [0, 127, 128, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER];
  const signed = [0, -1, 1, 2 ** 52 - 1, -(2 ** 52) + 1];
  for (const value of wholes) out.varint(value);
  for (const value of signed) out.signed(value);
  const from = new ByteReader(out.packed());
  assert.deepEqual(
    wholes.map(() => from.varint()),
    wholes,
  );
  assert.deepEqual(
    signed.map(() => from.signed()),
    signed,
  );
  from.end();
});

void test('keys that no hour can have are refused', () => {
  const cases: Record<string, Buffer> = {
    'of the next hour': keysOf([0, HOUR], [0, 0]),
    'of the hour before': keysOf([-SECOND], [0]),
    'out of order': keysOf([2 * SECOND, SECOND], [0, 0]),
    'out of order within a time': keysOf([SECOND, SECOND], [5, 4]),
    'with something behind them': Buffer.concat([keysOf([1, 2], [0, 0]), Buffer.of(0)]),
    'of another form': Buffer.concat([Buffer.of(2), keysOf([1], [0]).subarray(1)]),
  };
  for (const [name, keys] of Object.entries(cases)) {
    assert.throws(() => unpackKeys(START, keys), RangeError, name);
  }
  assert.equal(unpackKeys(START, keysOf([0, 0, HOUR - 1], [0, 1, 0])).length, 3);
});

void test('values that nobody can have sent are refused', () => {
  const one = keysOf([0], [0]);
  const valuesOf = (kind: number, write: (out: ByteWriter) => void) =>
    bytesOf((out) => {
      writeWholes(out, [kind]);
      write(out);
    });
  const numbers = (write: (out: ByteWriter) => void) =>
    valuesOf(KIND.number, (out) => {
      write(out);
      writeTexts(out, []);
    });
  const float = Buffer.alloc(8);
  float.writeDoubleLE(Number.NaN);
  const cases: Record<string, Buffer> = {
    'no number': numbers((out) => {
      out.byte(2);
      out.raw(float);
    }),
    'more digits than there are': numbers((out) => {
      out.byte(0);
      out.byte(77);
      out.signed(5);
    }),
    'an unknown form of numbers': numbers((out) => {
      out.byte(3);
      out.raw(float);
    }),
    'a kind that there is not': valuesOf(5, (out) => {
      writeNumbers(out, [1]);
      writeTexts(out, []);
    }),
    'a text that was not told': valuesOf(KIND.text, (out) => {
      writeNumbers(out, []);
      out.varint(1);
    }),
    'more than there are keys': Buffer.concat([numbers((out) => writeNumbers(out, [1])), Buffer.of(0)]),
  };
  for (const [name, values] of Object.entries(cases)) {
    assert.throws(() => unpackRows(START, { keys: one, values }), RangeError, name);
  }
});
