import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolled, reading } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** History is kept up each 15 s. */
const KEPT_WITHIN_MS = 60_000;

interface Numbers {
  min: number | null;
  max: number | null;
  avg: number | null;
  count: number;
  states?: Record<string, number>;
}
interface History {
  resolution: string;
  interval: number;
  points: (Numbers & { at: string; last: unknown })[];
  stats: Numbers;
}

const METER = [
  { capability_type: 'temperature', control_type: 'sensor', unit: '°C' },
  { capability_type: 'door', control_type: 'sensor' },
];

void test('the history of some days', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire } = await enrolled(server, rest, 'meter', METER);
  t.after(() => wire.drop());
  const now = Date.now();
  /** Each began on a whole hour: yesterday and the day before, and one 29 days ago. */
  const start = Math.floor(now / HOUR_MS) * HOUR_MS - 50 * HOUR_MS;
  const longAgo = Math.floor((now - 29 * DAY_MS) / HOUR_MS) * HOUR_MS;
  const iso = (at: number) => new Date(at).toISOString();
  const temperatures = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) =>
      reading((i * 37) % 1001, { timestamp: iso(from + i * MINUTE_MS) }),
    );
  const doors = Array.from({ length: 48 * 6 }, (_, i) => ({
    ...{ capability_type: 'door', control_type: 'sensor' },
    // Open for 10 minutes of each half an hour.
    ...{ value: i % 3 === 0, timestamp: iso(start + i * 10 * MINUTE_MS) },
  }));
  const recent = temperatures(start, 48 * 60);
  const all = [...temperatures(longAgo, 300), ...recent, ...doors];
  for (let first = 0; first < all.length; first += 400) {
    await wire.publish('devices/meter/sensor', { readings: all.slice(first, first + 400) });
  }
  const idOf = async (type: string) => (await rest.widget('meter', type)).widget_id;
  const [temperature, door] = [await idOf('temperature'), await idOf('door')];
  const ask = (widget: number, from: number, to: number, points: number) =>
    rest.expect<History>(
      200,
      'GET',
      // The microsecond before the end: whole intervals.
      `/api/widgets/${widget}/history?from=${iso(from)}&to=${iso(to - 1).replace('Z', '999Z')}&points=${points}`,
    );
  const status = () => rest.expect<{ late_hours: number }>(200, 'GET', '/api/history');
  const settled = () =>
    until('all is summed up', async () => (await status()).late_hours === 0, undefined, KEPT_WITHIN_MS);
  const values = recent.slice(0, 24 * 60).map(({ value }) => Number(value));
  const expected = {
    min: Math.min(...values),
    max: Math.max(...values),
    avg: values.reduce((sum, value) => sum + value, 0) / values.length,
    count: values.length,
  };
  const day = [start, start + DAY_MS] as const;

  await t.test('is right before anything has been summed up', async () => {
    assert.deepEqual((await ask(temperature, ...day, 12)).stats, expected);
  });
  await settled();

  for (const [resolution, points, interval] of [
    ['raw', 1440, 60],
    ['minute', 288, 300],
    ['hour', 12, 7200],
  ] as const) {
    await t.test(
      `is made of ${resolution} for intervals of ${interval} s, with the same figures`,
      async () => {
        const found = await ask(temperature, ...day, points);
        assert.equal(found.resolution, resolution);
        assert.equal(found.interval, interval);
        assert.deepEqual(found.stats, expected);
        assert.equal(found.points.length, points);
        const each = interval / 60;
        for (const [i, point] of found.points.entries()) {
          const own = values.slice(i * each, (i + 1) * each);
          const { at, min, max, last, count } = point;
          assert.deepEqual(
            { at, min, max, last, count },
            {
              at: iso(start + i * interval * 1000),
              ...{ min: Math.min(...own), max: Math.max(...own), last: own.at(-1), count: each },
            },
          );
        }
      },
    );
  }

  await t.test('leaves out intervals without a reading, across weeks', async () => {
    const found = await ask(temperature, longAgo, start + 48 * HOUR_MS, 600);
    assert.equal(found.resolution, 'hour');
    assert.equal(found.stats.count, 300 + recent.length);
    const hours = found.points.map(({ at }) => Date.parse(at));
    assert.ok(hours.length >= 5 / 2 + 48 / 2 && hours.length <= 5 + 48);
    assert.ok(hours.every((at) => at < longAgo + 5 * HOUR_MS || at > start - 2 * HOUR_MS));
  });

  await t.test('of a boolean tells how long each state lasted, which add up to the time', async () => {
    for (const [resolution, points] of [
      ['minute', 48],
      ['hour', 4],
    ] as const) {
      const found = await ask(door, ...day, points);
      assert.equal(found.resolution, resolution);
      assert.deepEqual(found.stats.states, { true: 8 * 3600, false: 16 * 3600 });
      for (const { states = {} } of found.points) {
        assert.equal(
          Object.values(states).reduce((sum, seconds) => sum + seconds, 0),
          found.interval,
        );
      }
    }
    const short = await ask(door, start + 5 * MINUTE_MS, start + HOUR_MS, 1);
    assert.equal(short.resolution, 'raw');
    assert.deepEqual(short.stats.states, { true: 15 * 60, false: 40 * 60 }, 'with the state from before');
  });

  await t.test('changes with what comes late, at once and after it is summed up anew', async () => {
    const late = reading(-500, { timestamp: iso(start + 90_500) });
    await wire.publish('devices/meter/sensor', late);
    const withLate = { ...expected, min: -500, count: expected.count + 1 };
    const check = async () => {
      for (const points of [1440, 288, 12]) {
        const { min, max, count } = (await ask(temperature, ...day, points)).stats;
        assert.deepEqual({ min, max, count }, { min: -500, max: expected.max, count: withLate.count });
      }
    };
    await check();
    await settled();
    await check();
  });

  await t.test('is refused with what is wrong', async () => {
    const path = `/api/widgets/${temperature}`;
    for (const [query, what] of [
      ['/history?points=0', /points: a whole number from 1 to 2000/],
      ['/history?points=2001', /points: a whole number from 1 to 2000/],
      [`/history?from=${iso(now)}&to=${iso(start)}`, /from must not be after to/],
      [`/readings?from=${iso(now)}&to=${iso(start)}`, /from must not be after to/],
      ['/readings?time_zone=Mars/Olympus', /time_zone: .*time zone/],
      ['/history?from=yesterday', /from: an RFC 3339 time/],
    ] as const) {
      const { error } = await rest.expect<{ error: string }>(400, 'GET', path + query);
      assert.match(error, what, query);
    }
  });
});
