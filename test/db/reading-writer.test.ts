import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { StoreOutcome } from '../../db/domain/services.ts';
import type { Reading, Value } from '../../db/domain/types.ts';
import { decodeValue } from '../../db/domain/value-codec.ts';
import { createHistoryState } from '../../db/history/state.ts';
import { createReadingWriter } from '../../db/reading-writer.ts';
import { KINDS, type Kind, missing, silent } from '../helpers/database.ts';
import { openDatabase } from '../helpers/open-database.ts';

const AT = Date.UTC(2026, 0, 15, 10, 30) * 1000;
const reading = (widgetId: number, at: number, value: Value, seq = 0): Reading => ({
  widgetId,
  at,
  seq,
  value,
});

async function openWriter(t: TestContext, kind: Kind) {
  const { sql } = await openDatabase(t, kind);
  const applied: Reading[] = [];
  const writer = createReadingWriter({
    sql,
    history: createHistoryState(sql),
    log: silent,
    onStored: (stored) => applied.push(stored),
  });
  writer.start();
  // As in the program: the first reading comes long after the start.
  await new Promise((resolve) => setImmediate(resolve));
  t.after(() => writer.stop(1000));
  const write = (...readings: Reading[]) =>
    new Promise<StoreOutcome>((resolve) => writer.write({ readings, stored: resolve }));
  const stored = async () => {
    const rows = await sql<
      { w: number; at: string; seq: string; kind: number; num: number | null; txt: string | null }[]
    >`
      select widget_id as w, (extract(epoch from at) * 1000000)::bigint::text as at, seq::text, kind, num, txt
      from readings order by widget_id, readings.at, readings.seq`;
    return rows.map((row) => [
      row.w,
      Number(row.at),
      Number(row.seq),
      decodeValue(row.kind, row.num, row.txt),
    ]);
  };
  return { sql, writer, write, stored, applied };
}

for (const kind of KINDS) {
  void test(`readings on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { writer, write, stored, applied, sql } = await openWriter(t, kind);
    const clear = async () => {
      await sql`truncate readings`;
      applied.length = 0;
    };

    await t.test('values come back exactly as they went in, to the microsecond', async () => {
      const values: Value[] = [
        25.5,
        -0.1,
        0,
        1e300,
        5e-324,
        true,
        false,
        '25.5',
        '007',
        '1e3',
        '',
        'ON',
        '"\\{},NULL',
        'NULL',
        'ü°\n',
      ];
      const outcomes = await Promise.all(values.map((value, i) => write(reading(1, AT + i, value))));
      assert.ok(outcomes.every(({ ok }) => ok));
      assert.deepEqual(
        await stored(),
        values.map((value, i) => [1, AT + i, 0, value]),
      );
      await clear();
    });

    await t.test(
      'the same reading is stored once, in one group, across groups, alone and in a batch',
      async () => {
        const same = reading(1, AT, 1);
        const outcomes = await Promise.all([write(same), write(same), write(same, reading(1, AT + 1, 2))]);
        outcomes.push(
          await write(same),
          await write(same, same),
          await write(reading(1, AT + 1, 2), reading(1, AT + 2, 3)),
        );
        assert.ok(outcomes.every(({ ok }) => ok));
        assert.deepEqual(await stored(), [
          [1, AT, 0, 1],
          [1, AT + 1, 0, 2],
          [1, AT + 2, 0, 3],
        ]);
        await clear();
      },
    );

    await t.test('equal timestamps with another seq are two readings', async () => {
      await Promise.all([write(reading(1, AT, 1, 1)), write(reading(1, AT, 2, 2))]);
      assert.deepEqual(await stored(), [
        [1, AT, 1, 1],
        [1, AT, 2, 2],
      ]);
      await clear();
    });

    await t.test(
      'another value under a known identity is a conflict, and takes a batch with it whole',
      async () => {
        assert.ok((await write(reading(1, AT, 1))).ok);
        const alone = await write(reading(1, AT, 2));
        const batch = await write(reading(2, AT, 5), reading(1, AT, '1'));
        const within = await write(reading(3, AT, 1), reading(3, AT, 2));
        for (const outcome of [alone, batch, within])
          assert.equal(outcome.ok ? '' : outcome.code, 'CONFLICT');
        assert.deepEqual(await stored(), [[1, AT, 0, 1]]);
        await clear();
      },
    );

    await t.test(
      'conflicts do not disturb others in their group, and outcomes keep the order of the calls',
      async () => {
        await write(reading(1, AT, 1));
        const order: number[] = [];
        const call = async (n: number, ...readings: Reading[]) => {
          const outcome = await write(...readings);
          order.push(n);
          return outcome.ok;
        };
        const results = await Promise.all([
          call(0, reading(5, AT, 1)),
          call(1, reading(1, AT, 9)),
          call(2, reading(6, AT, 1), reading(6, AT + 1, 1)),
          call(3, reading(1, AT, 1), reading(7, AT, 1)),
        ]);
        assert.deepEqual(results, [true, false, true, true]);
        assert.deepEqual(order, [0, 1, 2, 3]);
        assert.equal((await stored()).length, 5);
        await clear();
      },
    );

    await t.test('live state is told only of what was committed', async () => {
      await write(reading(1, AT, 1));
      await write(reading(1, AT, 2));
      assert.deepEqual(
        applied.map(({ value }) => value),
        [1],
      );
      await clear();
    });

    await t.test('thousands at once are stored in groups', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 10_000 }, (_, i) => write(reading(i % 50, AT + i, i))),
      );
      assert.ok(outcomes.every(({ ok }) => ok));
      assert.equal((await stored()).length, 10_000);
      await clear();
    });

    await t.test('stop commits what is queued', async () => {
      const last = write(reading(9, AT, 'last'));
      await writer.stop(5000);
      assert.deepEqual(await last, { ok: true });
      assert.deepEqual(await stored(), [[9, AT, 0, 'last']]);
    });
  });
}

void test('what is held is stored after the release, in its order', async (t) => {
  const { writer, write, stored } = await openWriter(t, 'embedded');
  writer.hold();
  const outcomes = Promise.all([write(reading(1, AT, 1)), write(reading(1, AT + 1, 2))]);
  // The second question comes after what the writer would have asked during the first.
  await stored();
  assert.deepEqual(await stored(), []);
  writer.release();
  assert.deepEqual(await outcomes, [{ ok: true }, { ok: true }]);
  assert.deepEqual(await stored(), [
    [1, AT, 0, 1],
    [1, AT + 1, 0, 2],
  ]);
});

void test('a writer that is held ends in time and acknowledges nothing', async (t) => {
  const { writer, stored } = await openWriter(t, 'embedded');
  writer.hold();
  let told = false;
  writer.write({
    readings: [reading(1, AT, 1)],
    stored: () => {
      told = true;
    },
  });
  await writer.stop(200);
  assert.equal(told, false);
  assert.deepEqual(await stored(), []);
});
