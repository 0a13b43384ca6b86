import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryStatus } from '../../web/client/index.ts';
import { runBeside } from '../helpers/command.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const HOUR_MS = 3_600_000;
/** History is kept up each 15 s. */
const KEPT_WITHIN_MS = 45_000;

void test('npm run rollup', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire } = await enrolled(server, rest, 'meter');
  t.after(() => wire.drop());
  const base = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 6 * HOUR_MS;
  const readings = Array.from({ length: 180 }, (_, i) =>
    reading(i, { timestamp: new Date(base + i * 60_000).toISOString() }),
  );
  await wire.publish('devices/meter/sensor', { readings });
  const status = () => rest.expect<HistoryStatus>(200, 'GET', '/api/history');
  await until(
    'they are summed up',
    async () => {
      const { late_hours, bytes } = await status();
      return late_hours === 0 && bytes.hour_rollups > 0;
    },
    undefined,
    KEPT_WITHIN_MS,
  );

  await t.test('tells how far everything has come', async () => {
    const { code, stdout, stderr } = await runBeside(server, 'rollup');
    assert.equal(code, 0, stderr);
    const { summed_up_before, raw_from, minutes_from, plain_days } = await status();
    assert.deepEqual([raw_from, minutes_from], [null, null]);
    assert.ok(plain_days >= 1);
    assert.match(
      stdout,
      /^raw readings +all are kept; 0 days packed \(0 bytes\), \d days? of plain rows \(/m,
    );
    assert.match(stdout, /^hours +\d[\d.]* KB$/m);
    const hour = summed_up_before.slice(0, 16).replace('T', ' ');
    assert.ok(stdout.includes(`summed up     before ${hour} UTC`), stdout);
  });

  await t.test('makes summaries anew, and ends once there are no more to make', async () => {
    const { widget_id } = await rest.widget('meter', 'temperature');
    const ask = () =>
      rest.expect(
        200,
        'GET',
        `/api/widgets/${widget_id}/history?points=3&from=${new Date(base).toISOString()}&to=${new Date(base + 3 * HOUR_MS - 1).toISOString()}`,
      );
    const before = await ask();
    const { code, stdout, stderr } = await runBeside(server, 'rollup', '--rebuild');
    assert.equal(code, 0, stderr);
    const [, hours] = /^(\d+) hours of widgets are summed up anew/.exec(stdout) ?? [];
    assert.ok(Number(hours) >= 3, stdout);
    assert.match(stdout, /^all summaries are up to date$/m);
    assert.equal((await status()).late_hours, 0);
    assert.deepEqual(await ask(), before);
  });

  await t.test('marks no hour outside a range', async () => {
    const from = new Date(base).toISOString();
    const to = new Date(base + HOUR_MS - 1).toISOString();
    const { stdout } = await runBeside(server, 'rollup', '--rebuild', '--from', from, '--to', to);
    const { widgets } = await rest.device('meter');
    assert.ok(stdout.startsWith(`${widgets.length} hours of widgets `), stdout);
  });

  await t.test('says what is wrong with what it was given', async () => {
    const cases: [string[], number, RegExp][] = [
      [['--from', '2026-01-15T00:00:00Z'], 64, /^--from goes with --rebuild/],
      [['--rebuild', '--to', 'tomorrow'], 64, /^--to must be a time/],
      [
        ['--rebuild', '--from', '2026-01-16T00:00:00Z', '--to', '2026-01-15T00:00:00Z'],
        1,
        /^the server refuses: from must not be after to$/m,
      ],
      [['everything'], 64, /everything/],
    ];
    for (const [args, expected, message] of cases) {
      const { code, stderr } = await runBeside(server, 'rollup', ...args);
      assert.equal(code, expected, args.join(' '));
      assert.match(stderr, message);
    }
  });
});
