import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import type { Reading, Value } from '../../../db/domain/types.ts';
import type { HistoryService } from '../../../db/history/index.ts';
import type { HistoryPoint } from '../../../db/history/query/index.ts';
import { KINDS, type Kind, missing } from '../../helpers/database.ts';
import { makeWidgets, openHistory } from '../../helpers/history.ts';
import { HistoryModel } from '../../helpers/history-model.ts';
import { type Random, randomOf } from '../../helpers/random.ts';

const START = Date.UTC(2026, 0, 10) * 1000;
const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Seeds by database: one on both, to see that they do the same. */
const SEEDS: Record<Kind, number[]> = { embedded: [1, 2], postgres: [1, 3] };
const STEPS = 60;

class Crash extends Error {}

/** Lets some statements through, then fails for good, as a process does that is killed: a transaction under way is rolled back. */
function crashing(sql: postgres.Sql, statements: number): postgres.Sql {
  let left = statements;
  const spend = () => {
    if (left-- <= 0) throw new Crash('killed');
  };
  const wrap = <S extends object>(target: S): S =>
    new Proxy(target, {
      apply: (fn, self, args) => {
        spend();
        return Reflect.apply(fn as (...a: unknown[]) => unknown, self, args);
      },
      get: (of, name, receiver) => {
        const member: unknown = Reflect.get(of, name, receiver);
        if (name === 'begin') {
          return (work: (tx: object) => unknown) =>
            (member as (w: (tx: object) => unknown) => unknown).call(of, (tx: object) => work(wrap(tx)));
        }
        if (name !== 'unsafe') return member;
        return (...args: unknown[]) => {
          spend();
          return (member as (...a: unknown[]) => unknown).apply(of, args);
        };
      },
    });
  return wrap(sql);
}

const VALUES: ((random: Random) => Value)[] = [
  (random) => random.below(100_000) / 1000,
  (random) => random.pick(['open', 'closed', 'half']),
  (random) => random.next() < 0.5,
  (random) => String(random.below(500) / 10),
];

function readingOf(random: Random, widgets: readonly number[], now: number): Reading {
  const widget = random.below(widgets.length);
  // Mostly new, often late, sometimes of the same moment.
  const age = random.pick([MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY]);
  const at = now - random.below(age / SECOND) * SECOND + random.pick([0, 0, 1, 500_001]);
  const value = (VALUES[widget] ?? VALUES[0])?.(random) ?? 0;
  return { widgetId: widgets[widget] ?? 0, at: Math.min(at, now), seq: random.pick([0, 0, 0, 1, 7]), value };
}

const close = (a: number | null, b: number | null) =>
  a === null || b === null ? a === b : Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));

const numeric = <T extends { avg: number | null }>({ avg: _, ...rest }: T) => rest;

for (const kind of KINDS) {
  for (const seed of SEEDS[kind]) {
    void test(`any order of late, repeated and wrong readings, packing and crashes, on ${kind} (seed ${seed})`, {
      skip: missing(kind),
    }, async (t) => {
      const random = randomOf(seed);
      const opened = await openHistory(t, kind, { now: START + 4 * DAY, small: seed === 1 ? 0 : 1_000_000 });
      const { sql, time, start, store, history } = opened;
      const widgets = await makeWidgets(sql, VALUES.length);
      const model = new HistoryModel();
      const sent: Reading[] = [];

      const write = async (readings: Reading[]) => {
        const outcomes = await store(...readings);
        for (const [i, reading] of readings.entries()) {
          const ok = outcomes === null || outcomes[i]?.ok === true;
          assert.equal(
            ok,
            model.add(reading),
            `${JSON.stringify(reading)} must ${ok ? 'be refused' : 'be taken'}`,
          );
        }
        sent.push(...readings);
      };
      const keepUp = async ({ roller, packer }: HistoryService) => {
        await roller.roll(time.now);
        await roller.settleLate();
        await packer.packDue(time.now);
      };

      for (let step = 0; step < STEPS; step++) {
        const roll = random.next();
        if (roll < 0.55) {
          await write(
            Array.from({ length: 1 + random.below(60) }, () => readingOf(random, widgets, time.now)),
          );
        } else if (roll < 0.7 && sent.length > 0) {
          // Again, the same or with another value.
          const again = Array.from({ length: 5 }, () => random.pick(sent));
          await write(
            again.map((reading) => (random.next() < 0.8 ? reading : { ...reading, value: 'other' })),
          );
        } else if (roll < 0.8) {
          const passed = random.below(9) * HOUR + random.below(3600) * SECOND;
          time.now += passed;
          time.monotonic += passed / 1000;
        } else if (roll < 0.9) {
          await keepUp(random.next() < 0.7 ? history : start());
        } else if (roll < 0.96) {
          await assert.rejects(async () => {
            // Enough statements to come somewhere, too few to come to the end of a day.
            await keepUp(start(crashing(sql, random.below(90))));
            throw new Crash('had nothing to do');
          }, Crash);
        } else {
          await start().rebuild({ from: START - DAY, to: time.now });
        }
      }
      time.now += 2 * DAY;
      await keepUp(history);

      const days = (await history.state.load()).partitions;
      assert.ok(days.chunks.size >= 3, 'days are packed');
      for (const [i, widgetId] of widgets.entries()) {
        const raw = await history.queries.readings(
          widgetId,
          { from: 0, to: time.now },
          { order: i % 2 === 0 ? 'asc' : 'desc', key: null, limit: 1_000_000 },
        );
        const plain = model.of(widgetId).map(({ at, seq, value }) => ({ at, seq, value }));
        assert.deepEqual(i % 2 === 0 ? raw : raw.toReversed(), plain);

        // By hours, by minutes, by raw readings; from and to on the grid and off it.
        for (const [from, to, width] of [
          [START, START + 6 * DAY - 1, 4 * HOUR],
          [START + DAY, START + 3 * DAY - 1, 10 * MINUTE],
          [START + DAY + 7 * HOUR, START + DAY + 9 * HOUR - 1, 30 * SECOND],
          [START + 2 * DAY, time.now - 1, 3 * HOUR],
        ] as const) {
          const points = Math.ceil((to - from + 1) / width);
          const found = await history.queries.history(widgetId, { from, to }, points, time.now);
          const expected = model.history(widgetId, from, to, found.width, time.now);
          assert.deepEqual(found.points.map(numeric), expected.points.map(numeric));
          assert.deepEqual(numeric(found.stats), numeric(expected.stats));
          for (const [p, { avg }] of [...found.points, found.stats].entries()) {
            const of = [...expected.points, expected.stats][p];
            assert.ok(of !== undefined && close(avg, of.avg), `mean ${avg}, not ${of?.avg}`);
          }
        }
        const off = { from: START + DAY + 12_345_678, to: START + 3 * DAY + 98_765_432 };
        const { stats } = await history.queries.history(widgetId, off, 20, time.now);
        const { stats: expected } = model.history(widgetId, off.from, off.to, DAY, time.now);
        assert.deepEqual(numeric(stats), numeric(expected));
      }
      await t.test('a question while much is late gives the same', async () => {
        await start().rebuild({ from: START - DAY, to: time.now });
        const from = START;
        const to = START + 6 * DAY - 1;
        for (const widgetId of widgets) {
          const found: { points: HistoryPoint[] } = await start().queries.history(
            widgetId,
            { from, to },
            36,
            time.now,
          );
          const expected = model.history(widgetId, from, to, 4 * HOUR, time.now);
          assert.deepEqual(found.points.map(numeric), expected.points.map(numeric));
        }
      });
    });
  }
}
