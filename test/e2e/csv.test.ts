import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { parseCsv } from '../helpers/csv.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';

const HEADER =
  'at,local_time,device_id,device_name,widget_id,widget_name,capability_type,control_type,unit,type,seq,value';
const MIXED = [
  { capability_type: 'temperature', control_type: 'sensor', unit: '°C' },
  { capability_type: 'note', control_type: 'sensor' },
  { capability_type: 'door', control_type: 'sensor' },
];
const PASSWORD = 'correct horse battery';
/** The last Sunday of October 2025: in Berlin the hour from two to three comes twice. */
const TURNS_BACK = ['2025-10-26T00:30:00Z', '2025-10-26T01:30:00Z'];
const TURNS_FORTH = ['2025-03-30T00:59:59.999999Z', '2025-03-30T01:00:00Z'];
const CSV = { Accept: 'text/csv' };
const TODAY = new Date().toISOString().slice(0, 10);
const YESTERDAY = new Date(Date.parse(TODAY) - 86_400_000).toISOString().slice(0, 10);
/** The day after, by the clock of Bangkok. */
const EVENING = `${YESTERDAY}T20:15:00.123456Z`;

void test('readings as CSV', async (t) => {
  const { server, rest } = await startServer(t, { RETENTION_RAW: 'forever', RETENTION_MINUTE: 'forever' });
  const pair = async (device: string, name: string) => {
    const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name });
    await rest.expect(200, 'POST', `/api/devices/${device}/pair`, { room_id: room.id });
    return room.id;
  };
  const { wire } = await enrolled(server, rest, 'mixed', MIXED);
  const { wire: other } = await enrolled(server, rest, 'other', MIXED.slice(0, 1));
  t.after(() => Promise.all([wire.drop(), other.drop()]));
  const rooms = { south: await pair('mixed', 'Süd (Flügel) ห้อง'), thai: await pair('other', 'ห้องนั่งเล่น') };
  const texts = ['a,"b"', 'two\r\nlines', '=1+1', '+49 170', '@x', '-5', "'=quoted", 'plain', ' ', 'true'];
  const send = (type: string, values: unknown[]) =>
    wire.publish('devices/mixed/sensor', {
      readings: values.map((value, seq) => ({
        ...{ capability_type: type, control_type: 'sensor', value, seq },
        timestamp: EVENING,
      })),
    });
  await send('note', texts);
  await send('door', [true, false]);
  await send('temperature', [-12.5, 1e21]);
  await other.publish('devices/other/sensor', {
    readings: [...TURNS_FORTH, ...TURNS_BACK].map((timestamp, i) => reading(i, { timestamp })),
  });
  const csv = async (path: string, from = rest) => {
    const { status, headers, body } = await from.get<string>(path, CSV);
    assert.equal(status, 200, path);
    assert.equal(headers.get('Content-Type'), 'text/csv; charset=utf-8');
    const [header = [], ...rows] = parseCsv(body);
    assert.equal(header.join(','), HEADER);
    return rows.map((row) => {
      assert.equal(row.length, header.length);
      return Object.fromEntries(row.map((value, i) => [header[i] ?? '', value]));
    });
  };
  const column = (rows: Record<string, string>[], name: string) => rows.map((row) => row[name]);

  await t.test('are those of a widget, a device or a room', async () => {
    const { widget_id, name } = await rest.widget('mixed', 'temperature');
    const own = await csv(`/api/widgets/${widget_id}/readings`);
    assert.deepEqual(
      own.map(({ local_time: _, ...row }) => row),
      ['-12.5', '1e+21'].map((value, seq) => ({
        ...{ at: EVENING, device_id: 'mixed', device_name: 'Device mixed' },
        ...{ widget_id: String(widget_id), widget_name: name, capability_type: 'temperature' },
        ...{ control_type: 'sensor', unit: '°C', type: 'number', seq: String(seq), value },
      })),
    );
    const device = await csv('/api/devices/mixed/readings');
    assert.equal(device.length, texts.length + 4);
    assert.equal(new Set(column(device, 'widget_id')).size, 3);
    assert.deepEqual(await csv(`/api/rooms/${rooms.south}/readings`), device);
    assert.deepEqual(
      await csv(`/api/rooms/${rooms.thai}/readings`),
      await csv('/api/devices/other/readings'),
    );
  });

  await t.test('tell texts from numbers and booleans, and run in no spreadsheet', async () => {
    const rows = await csv('/api/devices/mixed/readings');
    const of = (type: string) => rows.filter((row) => row.capability_type === type);
    assert.deepEqual(column(of('door'), 'value'), ['true', 'false']);
    assert.deepEqual(column(of('door'), 'type'), ['boolean', 'boolean']);
    const guarded = texts.map((one) => (/^'*[=+@]/.test(one) ? `'${one}` : one));
    assert.deepEqual(column(of('note'), 'value'), guarded);
    assert.ok(column(of('note'), 'type').every((type) => type === 'text'));
  });

  await t.test('have the time of a zone, on both sides of its changes', async () => {
    const [first] = await csv('/api/devices/mixed/readings?time_zone=Asia/Bangkok');
    assert.equal(first?.local_time, `${TODAY} 03:15:00.123+07:00`);
    const berlin = await csv('/api/devices/other/readings?time_zone=Europe/Berlin');
    assert.deepEqual(column(berlin, 'local_time'), [
      '2025-03-30 01:59:59.999+01:00',
      '2025-03-30 03:00:00.000+02:00',
      '2025-10-26 02:30:00.000+02:00',
      '2025-10-26 02:30:00.000+01:00',
    ]);
    const path = '/api/devices/other/readings?time_zone=Nowhere/Town';
    const { error } = await rest.expect<{ error: string }>(400, 'GET', path);
    assert.match(error, /time_zone: .*time zone/);
  });

  await t.test('come as a file with the name of what they are of, for old clients and new', async () => {
    const named = async (path: string) => {
      const { headers } = await rest.get(path, CSV);
      const [, plain, encoded = ''] =
        /^attachment; filename="([^"]+)"; filename\*=UTF-8''([\w.~%-]+)$/.exec(
          headers.get('Content-Disposition') ?? '',
        ) ?? [];
      return [plain, decodeURIComponent(encoded)];
    };
    const path = (room: number) => `/api/rooms/${room}/readings`;
    assert.deepEqual(await named(path(rooms.south)), ['Sud-Flugel.csv', 'Süd (Flügel) ห้อง.csv']);
    assert.deepEqual(await named(path(rooms.thai)), ['readings.csv', 'ห้องนั่งเล่น.csv']);
    const range = '?from=2025-10-01T00:00:00Z&to=2025-10-31T23:59:59Z';
    assert.deepEqual(await named(path(rooms.thai) + range), [
      '2025-10-01-to-2025-10-31.csv',
      'ห้องนั่งเล่น 2025-10-01 to 2025-10-31.csv',
    ]);
  });

  await t.test('are seen by a user whose room it is, and by no other', async () => {
    const eva = { username: 'eva', password: PASSWORD };
    await rest.expect(201, 'POST', '/api/users', { ...eva, role: 'USER', room_ids: [rooms.south] });
    const user = await new Rest(server).logIn(eva);
    const count = texts.length + 4;
    assert.equal((await csv(`/api/rooms/${rooms.south}/readings`, user)).length, count);
    assert.equal((await csv('/api/devices/mixed/readings', user)).length, count);
    const { widget_id } = await rest.widget('other', 'temperature');
    for (const path of [`rooms/${rooms.thai}`, 'devices/other', `widgets/${widget_id}`]) {
      assert.equal((await user.get(`/api/${path}/readings`, CSV)).status, 404, path);
    }
  });
});

const BATCHES = 180;
const BATCH = 300;
/** Of a reader that reads nothing, and of a publish meanwhile. */
const STALL_MS = 3000;
const ACKNOWLEDGED_WITHIN_MS = 1500;

void test('a long CSV', async (t) => {
  // A quick machine is sent more in a second than a device may send, and would tell so.
  const { server, rest } = await startServer(t, { MAX_BYTES_PER_SECOND: '64MiB' });
  // Long lines: more of them than the buffers between the server and its reader take.
  const { wire } = await enrolled(server, rest, 'd'.repeat(60), [
    { capability_type: 'c'.repeat(60), control_type: 'sensor', unit: '°C' },
  ]);
  t.after(() => wire.drop());
  const device = 'd'.repeat(60);
  await rest.expect(200, 'PUT', `/api/devices/${device}`, { device_name: 'ü'.repeat(100) });
  const base = Date.now() - 20 * 3_600_000;
  const one = (i: number) => ({
    ...{ capability_type: 'c'.repeat(60), control_type: 'sensor', value: i },
    timestamp: new Date(base + i * 1000).toISOString(),
  });
  const batch = (first: number) => ({ readings: Array.from({ length: BATCH }, (_, i) => one(first + i)) });
  await Promise.all(
    Array.from({ length: 8 }, async (_, lane) => {
      for (let b = lane; b < BATCHES; b += 8) {
        await wire.publish(`devices/${device}/sensor`, batch(b * BATCH));
      }
    }),
  );
  const rows = BATCHES * BATCH;
  const path = `/api/devices/${device}/readings?to=${new Date(base + rows * 1000 - 1).toISOString()}`;
  const open = async () => {
    const headers = { Authorization: `Bearer ${rest.token}`, ...CSV };
    const [response] = (await once(get(rest.url + path, { headers }), 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    return response;
  };
  const complaints = () => server.lines.filter(({ level }) => level === 'error' || level === 'warn');

  await t.test('that nobody reads for a while holds up no device, and is whole in the end', async () => {
    const response = await open();
    const began = performance.now();
    let slowest = 0;
    let more = rows;
    while (performance.now() - began < STALL_MS) {
      const sent = performance.now();
      await wire.publish(`devices/${device}/sensor`, { readings: [one(more++)] });
      slowest = Math.max(slowest, performance.now() - sent);
    }
    assert.ok(slowest < ACKNOWLEDGED_WITHIN_MS, `${slowest} ms`);
    assert.equal(response.complete, false);
    const lines = (await text(response)).split('\r\n');
    assert.equal(lines.length, rows + 2);
    assert.ok(lines.at(-2)?.endsWith(`,number,0,${rows - 1}`), lines.at(-2));
    assert.deepEqual(complaints(), []);
  });

  await t.test('whose reader leaves ends without a word', async () => {
    for (let i = 0; i < 5; i++) {
      const response = await open();
      await once(response, 'readable');
      response.destroy();
      await once(response, 'close');
    }
    assert.equal((await text(await open())).split('\r\n').length, rows + 2);
    assert.deepEqual(complaints(), []);
    assert.equal(server.errors, '');
    assert.equal(await server.stop(), 0);
  });
});
