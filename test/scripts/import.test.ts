import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { runBeside, runTool, runWithInput } from '../helpers/command.ts';
import { enrolled, reading, register } from '../helpers/devices.ts';
import type { Rest, WidgetBody } from '../helpers/rest.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

interface Answer {
  stored: number;
  known: number;
  refused_total: number;
  refused: { index: number; code: string; message: string }[];
}

interface Event {
  kind: string;
  actor: string;
  device_id: string | null;
  detail: Record<string, unknown>;
}

const AT = '2025-03-01T12:00:00.000Z';
const of = (value: unknown, more: object = {}) => ({
  ...{ device_id: 'home', capability_type: 'temperature', at: AT, value },
  ...more,
});

function fileIn(server: Server, name: string, content: string | Buffer): string {
  const path = join(server.dataDir, name);
  writeFileSync(path, content);
  return path;
}

const json = ({ token }: Rest) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' });
const post = (rest: Rest, readings: object[], create = false) =>
  rest.expect<Answer>(200, 'POST', '/api/import', { create, readings });

void test('POST /api/import', async (t) => {
  const { server, rest } = await startServer(t);

  await t.test(
    'stores readings of any age once, makes what lacks if it may, and tells what it refuses',
    async () => {
      const unknown = await post(rest, [of(1)]);
      assert.deepEqual([unknown.stored, unknown.refused[0]?.code], [0, 'UNKNOWN_DEVICE']);
      const readings = [
        of(21.5, { unit: '°C' }),
        of('on', { capability_type: 'light', at: '1999-12-31T23:59:59Z' }),
      ];
      assert.deepEqual(await post(rest, readings, true), {
        stored: 2,
        known: 0,
        refused_total: 0,
        refused: [],
      });
      assert.deepEqual(await post(rest, readings), { stored: 0, known: 2, refused_total: 0, refused: [] });
      const conflict = await post(rest, [of(22), of(22, { seq: 1 })]);
      assert.deepEqual([conflict.stored, conflict.refused_total], [1, 1]);
      assert.deepEqual([conflict.refused[0]?.index, conflict.refused[0]?.code], [0, 'CONFLICT']);
      const { device_name, connected, widgets } = await rest.device('home');
      assert.deepEqual([device_name, connected], ['home', false]);
      assert.deepEqual(
        widgets.map(({ value, value_at, capability }) => [capability.capability_type, value, value_at]),
        [
          ['temperature', 22, AT],
          ['light', 'on', '1999-12-31T23:59:59.000Z'],
        ],
      );
    },
  );

  await t.test('shows an imported reading as the value only if it is the newest', async () => {
    const value = async () => (await rest.widget('home', 'temperature')).value;
    await post(rest, [of(30, { at: '2025-03-02T00:00:00Z' }), of(10, { at: '2025-02-01T00:00:00Z' })]);
    assert.equal(await value(), 30);
    await server.restartWith({});
    assert.equal(await value(), 30);
  });

  await t.test('holds each reading to what a device must keep to, but for its age', async () => {
    const soon = new Date(Date.now() + 10 * 60_000).toISOString();
    const cases: [object, string, RegExp][] = [
      [of(1, { device_id: 'a/b' }), 'INVALID', /^device_id must be/],
      [of(1, { capability_type: '' }), 'INVALID', /^capability_type must be text of 1 to 100/],
      [of(1, { control_type: 'lever' }), 'INVALID', /^control_type must be one of toggle/],
      [of(1, { control_type: 'heartbeat' }), 'INVALID', /^a heartbeat is no reading/],
      [of(1, { unit: 'x'.repeat(33) }), 'INVALID', /^unit must be/],
      [of(1, { at: '2025-03-01 12:00' }), 'INVALID', /^at must be an RFC 3339 time/],
      [of(1, { at: '1969-12-31T23:59:59Z' }), 'INVALID', /^at must be/],
      [of(1, { at: soon }), 'INVALID_TIMESTAMP', /more than 5 minutes ahead/],
      [of(1, { seq: -1 }), 'INVALID', /^seq must be/],
      [of('x'.repeat(4097)), 'INVALID', /^value must be at most 4096/],
      [of('\u0000'), 'INVALID', /^value must be valid text/],
      [of(null), 'INVALID', /^value must be a string/],
      [of(1, { colour: 'red' }), 'INVALID', /^there is no field colour/],
      [[], 'INVALID', /^a reading must be a JSON object/],
    ];
    const { stored, refused, refused_total } = await post(rest, [
      ...cases.map(([given]) => given),
      of(2, { seq: 2 }),
    ]);
    assert.deepEqual([stored, refused_total], [1, cases.length]);
    for (const [i, [, code, message]] of cases.entries()) {
      assert.equal(refused[i]?.code, code);
      assert.match(refused[i]?.message ?? '', message);
    }
    const many = await post(
      rest,
      Array.from({ length: 300 }, () => of(null)),
    );
    assert.deepEqual([many.refused.length, many.refused_total], [100, 300]);
    const kinds = Array.from({ length: 300 }, (_, i) =>
      of(i, { device_id: 'wide', capability_type: `c${i}` }),
    );
    const wide = await post(rest, kinds, true);
    assert.deepEqual([wide.stored, wide.refused[0]?.code], [256, 'LIMIT_REACHED']);
  });

  await t.test('takes 5,000 readings and 2 MiB, other calls 64 KiB', async () => {
    const long = (count: number, length: number) =>
      Array.from({ length: count }, (_, seq) => of('x'.repeat(length), { capability_type: 'text', seq }));
    /** Before anything of the body is sent. */
    const statusOfLength = async (length: number, path = '/api/import') => {
      const headers = { ...json(rest), 'Content-Length': length };
      const call = request(`${rest.url}${path}`, { method: 'POST', headers });
      call.flushHeaders();
      const [{ statusCode }] = (await once(call, 'response')) as [IncomingMessage];
      call.destroy();
      return statusCode;
    };
    const status = async (path: string, body: object) => (await rest.call('POST', path, body)).status;
    assert.equal(await status('/api/import', { readings: long(500, 3900) }), 200);
    assert.equal(await statusOfLength(2 * 1024 * 1024 + 1), 413);
    assert.equal(await statusOfLength(70_000, '/api/rooms'), 413);
    assert.equal(await status('/api/import', { readings: Array.from({ length: 5001 }, () => 1) }), 400);
    assert.equal(await status('/api/import', { readings: [] }), 400);
  });

  await t.test('keeps few large bodies in memory at once', async () => {
    const headers = { ...json(rest), 'Content-Length': 1_000_000 };
    const slow = Array.from({ length: 4 }, () => {
      const call = request(`${rest.url}/api/import`, { method: 'POST', headers });
      call.on('error', () => {});
      call.write('{');
      return call;
    });
    await until(
      'the fifth is refused',
      async () => (await rest.call('POST', '/api/import', {})).status === 429,
    );
    for (const call of slow) call.destroy();
    await until(
      'the others have gone',
      async () => (await rest.call('POST', '/api/import', {})).status === 400,
    );
  });

  await t.test(
    'is told as an event now and then, with its numbers, and so are devices that it makes',
    async () => {
      const events = () =>
        rest.expect<{ events: Event[] }>(200, 'GET', '/api/events?device_id=home&limit=200');
      const { kind, actor, detail } = await until('it is told', async () =>
        (await events()).events.find((event) => event.kind === 'device_registered'),
      );
      assert.deepEqual([kind, actor, detail], ['device_registered', 'admin', { imported: true }]);
      const told = (await events()).events.filter((event) => event.kind === 'readings_imported');
      assert.deepEqual(told.at(-1)?.detail, { stored: 2, known: 0, refused: 0 });
      // Those of a minute together, here until the server was started anew.
      assert.deepEqual(told.at(-2)?.detail, { stored: 3, known: 2, refused: 1, repeated: 3 });
    },
  );

  await t.test('leaves a device that it made free to enrol, which keeps the history', async () => {
    const wire = await Wire.tcp(server.ports.mqtt);
    t.after(() => wire.drop());
    const password = await rest.enroll();
    assert.equal((await wire.connect({ clientId: 'home', username: 'home', password })).returnCode, 0);
    const answer = await register(wire, 'home');
    assert.ok(answer.device_secret);
    const { widget_id } = await rest.widget('home', 'temperature');
    await wire.publish('devices/home/sensor', reading(5));
    assert.equal((await rest.widget('home', 'temperature')).value, 5);
    assert.ok((await rest.readings(widget_id)).some(({ at }) => at === AT));
  });
});

void test('npm run import', async (t) => {
  const { server, rest } = await startServer(t);
  const readingsOf = async ({ widget_id }: WidgetBody) => rest.readings(widget_id);

  await t.test('takes the history of Home Assistant with a device alone, packed too, and again', async () => {
    const csv = [
      'entity_id,state,last_changed',
      'sensor.kitchen,21.5,2024-03-01T12:00:00.000Z',
      'sensor.kitchen,unavailable,2024-03-01T12:01:00.000Z',
      'sensor.kitchen,22,2024-03-01T12:02:00.123456+00:00',
      'light.hall,on,2024-03-01T12:00:00.000Z',
      'light.hall,unknown,2024-03-01T12:00:01.000Z',
    ].join('\r\n');
    const file = fileIn(server, 'history.csv.gz', gzipSync(csv));
    const missing = await runBeside(server, 'import', file, '--device', 'ha');
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /^line 2: there is no device ha \(UNKNOWN_DEVICE\)$/m);
    const dry = await runBeside(server, 'import', file, '--device', 'ha', '--dry-run');
    assert.match(dry.stdout, /^3 readings would be sent, 2 lines without a value skipped, 0 lines refused$/m);
    const first = await runBeside(server, 'import', file, '--device', 'ha', '--create');
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stdout,
      /^3 readings stored, 0 readings known already, 2 lines without a value skipped, 0/m,
    );
    const second = await runBeside(server, 'import', file, '--device', 'ha');
    assert.match(second.stdout, /^0 readings stored, 3 readings known already/m);
    assert.equal((await rest.widget('ha', 'light.hall')).value, 'on');
    assert.deepEqual(
      (await readingsOf(await rest.widget('ha', 'sensor.kitchen'))).map(({ at, value }) => [at, value]),
      [
        ['2024-03-01T12:00:00.000Z', 21.5],
        ['2024-03-01T12:02:00.123456Z', 22],
      ],
    );
  });

  await t.test(
    'reads standard input, other delimiters, local times; tells each bad line and goes on',
    async () => {
      const csv = [
        '\ufeffDate;Device;Key;Value',
        '2025-07-01 12:00:00;ha;power;1',
        '2025-07-01 12:00:00;ha;power;2',
        'yesterday;ha;power;3',
        '2025-07-01 12:01:00;ha;power',
        '"2025-07-01 12:02:00";ha;power;"two\r\nlines"',
        '1751364180;nobody;power;4',
      ].join('\r\n');
      const { code, stdout } = await runWithInput(csv, server, 'import', '-', '--time-zone', 'Europe/Berlin');
      assert.equal(code, 1);
      assert.match(stdout, /^line 3: another value is stored .*\(CONFLICT\)$/m);
      assert.match(stdout, /^line 4: "yesterday" is no time/m);
      assert.match(stdout, /^line 5: it has 3 columns, and the first line has 4$/m);
      assert.match(stdout, /^line 8: there is no device nobody \(UNKNOWN_DEVICE\)$/m);
      assert.match(stdout, /^2 readings stored, 0 readings known already, 0 .* skipped, 4 lines refused$/m);
      assert.deepEqual(
        (await readingsOf(await rest.widget('ha', 'power'))).map(({ at, value }) => [at, value]),
        [
          ['2025-07-01T10:00:00.000Z', 1],
          ['2025-07-01T10:02:00.000Z', 'two\r\nlines'],
        ],
      );
    },
  );

  await t.test('takes our own export into another server, bit by bit', async () => {
    const { wire } = await enrolled(server, rest, 'lamp');
    const values = [25.5, '25.5', true, '=1+1', "'=1+1", '', 'a "b", c\nd', 1e300, -5, '007'];
    const timestamp = new Date(Date.now() - 60_000).toISOString();
    for (const [seq, value] of values.entries()) {
      await wire.publish('devices/lamp/sensor', reading(value, { seq, timestamp }));
    }
    await wire.disconnect();
    const csv = await rest.call<string>('GET', '/api/devices/lamp/readings', undefined, {
      Accept: 'text/csv',
    });
    const other = await startServer(t);
    const file = fileIn(other.server, 'lamp.csv', csv.body);
    const { code, stdout } = await runBeside(other.server, 'import', file, '--create');
    assert.equal(code, 0, stdout);
    const there = await other.rest.widget('lamp', 'temperature');
    assert.deepEqual(
      await other.rest.readings(there.widget_id),
      await readingsOf(await rest.widget('lamp', 'temperature')),
    );
    const back = await runBeside(server, 'import', file);
    assert.match(back.stdout, /^0 readings stored, 10 readings known already/m);
  });

  await t.test('says how it is used, and what lacks', async () => {
    const file = fileIn(server, 'plain.csv', 'time,value\n2025-03-01 12:00:00,1\n');
    const cases: [string[], RegExp][] = [
      [[], /^a file is needed/],
      [[file, file], /^one file at a time/],
      [[file, '--time-zone', 'Mars'], /^--time-zone must be the name of a zone/],
      [[file], /^the file has no column device_id, device, or --device/],
      [[file, '--device', 'ha', '--capability', 'c'], /tell the zone with --time-zone/],
      [[fileIn(server, 'empty.csv', '')], /^the file is empty/],
    ];
    for (const [args, expected] of cases) {
      const { code, stderr } = await runBeside(server, 'import', ...args);
      assert.equal(code, 64, stderr);
      assert.match(stderr, expected);
    }
    const none = await runBeside(server, 'import', join(server.dataDir, 'none.csv'));
    assert.deepEqual([none.code, /^ENOENT/.test(none.stderr)], [1, true], none.stderr);
  });
});

void test('an import that is interrupted says how far it came, and ends', async (t) => {
  const { server, rest } = await startServer(t);
  const script = fileURLToPath(new URL('../../scripts/import/main.js', import.meta.url));
  const args = [script, '-', '--device', 'home', '--capability', 'temperature', '--create'];
  const child = spawn(process.execPath, args, {
    cwd: server.dataDir,
    env: { DATA_DIR: server.dataDir, HTTP_PORT: String(server.ports.http) },
  });
  t.after(() => child.kill('SIGKILL'));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const rows = Array.from({ length: 6000 }, (_, i) => `${1_740_830_400 + i},${i}\n`);
  child.stdin.write(`ts,value\n${rows.join('')}`);
  await until('the first 5,000 are stored', async () => {
    const { status } = await rest.call('GET', '/api/devices/home');
    return status === 200 && (await rest.device('home')).widgets.some(({ value }) => value === 4999);
  });
  // Standard input stays open: there may be more to come.
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number | null];
  const [stdout, stderr] = await output;
  assert.equal(code, 1);
  assert.match(stdout, /^5,000 readings stored, 0 readings known already/m);
  assert.match(stderr, /^interrupted\nThe end came after \d+ lines\. To run it again is safe/m);
});

void test('an import of a server that is away goes on when it comes', async (t) => {
  const { server, rest } = await startServer(t);
  const { http } = server.ports;
  await rest.expect(200, 'POST', '/api/import', { create: true, readings: [of(1)] });
  await server.stop();
  const variables = { DATA_DIR: server.dataDir, HTTP_PORT: String(http) };
  const running = runTool('import', ['-', '--device', 'home', '--capability', 'temperature'], {
    variables,
    input: `ts,value\n${AT},1\n1740830401,2\n`,
  });
  await server.restartWith({ HTTP_PORT: String(http) });
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^no server answers at .* trying again for a while$/m);
  assert.match(stdout, /^1 reading stored, 1 reading known already/m);
});
