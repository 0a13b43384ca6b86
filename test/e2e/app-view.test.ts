import assert from 'node:assert/strict';
import { get } from 'node:http';
import { test } from 'node:test';
import { KINDS, missing } from '../helpers/database.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import type { Rest, WidgetBody } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

/** What goes over the wire, before anything unpacks it. */
function bytesOf(url: string, headers: Record<string, string>): Promise<{ bytes: number; coding: unknown }> {
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ bytes, coding: response.headers['content-encoding'] }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

interface Event {
  kind: string;
  actor: string;
  device_id: string | null;
  detail: Record<string, unknown>;
}

async function allEvents(rest: Rest, query = ''): Promise<Event[]> {
  const found: Event[] = [];
  let cursor = '';
  for (;;) {
    const page: { events: Event[]; next_cursor: string | null } = await rest.expect(
      200,
      'GET',
      `/api/events?limit=3${query}${cursor}`,
    );
    found.push(...page.events);
    if (page.next_cursor === null) return found;
    cursor = `&cursor=${page.next_cursor}`;
  }
}

for (const kind of KINDS) {
  void test(`what an app sees on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { server, rest } = await startServer(t, {}, kind);

    await t.test(
      'a heartbeat moves last_heartbeat, on either topic and spelling, and stores nothing',
      async () => {
        const beat = { capability_type: 'status', control_type: 'heartbeat', value: 'alive' };
        const topics = [
          'devices/ID/sensor',
          'devices/ID/heartbeat',
          'device/ID/heartbeat',
          'device/ID/sensor',
        ];
        for (const [i, topic] of topics.entries()) {
          const id = `beating-${i}`;
          const { wire } = await enrolled(server, rest, id, []);
          await wire.publish(topic.replace('ID', id), beat);
          const { last_heartbeat, created_at, widgets } = await rest.device(id);
          assert.ok(Date.now() - Date.parse(last_heartbeat ?? '') < 30_000, topic);
          const first = last_heartbeat === created_at;
          assert.ok(first || Date.parse(last_heartbeat ?? '') % 10_000 === 0, 'in steps of 10 s');
          assert.ok(String(last_heartbeat) >= created_at, 'not before the device was there');
          assert.deepEqual(widgets, []);
          await wire.disconnect();
        }
      },
    );

    await t.test('a widget is told by itself, without a room too, and 304 while it is the same', async () => {
      const { wire } = await enrolled(server, rest, 'alone');
      await wire.publish('devices/alone/sensor', reading(21.5));
      const widget = await rest.widget('alone', 'temperature');
      const path = `/api/widgets/${widget.widget_id}`;
      const { body, headers } = await rest.get<WidgetBody & { room_id: number | null }>(path);
      assert.deepEqual(body, widget);
      assert.deepEqual([body.value, body.room_id], [21.5, null]);
      const same = { 'If-None-Match': headers.get('ETag') ?? '' };
      assert.equal((await rest.get(path, same)).status, 304);
      await wire.publish('devices/alone/sensor', reading(22));
      assert.equal((await rest.get(path, same)).status, 200);
      await wire.disconnect();
    });

    await t.test('history has true figures, and readings come whole as pages and as CSV', async () => {
      const { wire } = await enrolled(server, rest, 'meter');
      const base = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
      const at = (seconds: number) => new Date(base + seconds * 1000).toISOString();
      const readings = Array.from({ length: 450 }, (_, i) => reading(i % 100, { timestamp: at(i + 0.5) }));
      await wire.publish('devices/meter/sensor', { readings });
      const { widget_id } = await rest.widget('meter', 'temperature');
      const { points, stats } = await rest.expect<{
        points: { at: string; min: number; max: number; avg: number; last: number; count: number }[];
        stats: { min: number; max: number; avg: number; count: number };
      }>(200, 'GET', `/api/widgets/${widget_id}/history?from=${at(0)}&to=${at(500)}&points=5`);
      assert.deepEqual(
        points.map(({ at, min, max, last, count }) => [at, min, max, last, count]),
        [0, 100, 200, 300].map((s) => [at(s), 0, 99, 99, 100]).concat([[at(400), 0, 49, 49, 50]]),
      );
      assert.deepEqual(stats, { min: 0, max: 99, avg: (4 * 4950 + 1225) / 450, count: 450 });
      const paged = await rest.readings(widget_id);
      assert.deepEqual(
        paged.map(({ at, value }) => [at, value]),
        readings.map(({ value }, i) => [at(i + 0.5), value]),
      );
      const csv = await rest.call<string>('GET', `/api/widgets/${widget_id}/readings`, undefined, {
        Accept: 'text/csv',
      });
      const [header, ...lines] = csv.body.trimEnd().split('\r\n');
      assert.match(header ?? '', /^at,local_time,.*,type,seq,value$/);
      const whole = paged.map(({ at, seq, value }) => ({ at, end: `,number,${seq},${value}` }));
      assert.equal(lines.length, whole.length);
      for (const [i, { at, end }] of whole.entries()) {
        assert.ok(lines[i]?.startsWith(`${at},`) && lines[i].endsWith(end), lines[i]);
      }
      await wire.disconnect();
    });

    await t.test('text in CSV is quoted, and runs in no spreadsheet', async () => {
      const { wire } = await enrolled(server, rest, 'writer');
      const texts = ['a,b', 'say "hi"', 'two\r\nlines', '=1+1', '-12.5', '@x'];
      for (const [seq, text] of texts.entries()) {
        await wire.publish(
          'devices/writer/sensor',
          reading(text, { timestamp: `${YESTERDAY}T00:00:00Z`, seq }),
        );
      }
      const { widget_id } = await rest.widget('writer', 'temperature');
      const { body } = await rest.call<string>('GET', `/api/widgets/${widget_id}/readings`, undefined, {
        Accept: 'text/csv',
      });
      const values = ['"a,b"', '"say ""hi"""', '"two\r\nlines"', "'=1+1", '-12.5', "'@x"];
      const ends = values.map((value, seq) => `,text,${seq},${value}\r\n`);
      let left = body;
      for (const end of ends) {
        const at = left.indexOf(end);
        assert.ok(at >= 0, `${end} in ${left}`);
        left = left.slice(at + end.length);
      }
      assert.equal(left, '');
      await wire.disconnect();
    });

    await t.test('a room of 200 widgets is under 50 KB, whole, and 304 while devices only beat', async () => {
      const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Hall' });
      const wires = await Promise.all(
        [0, 1, 2, 3].map(async (d) => {
          const id = `hall-${d}`;
          const capabilities = Array.from({ length: 50 }, (_, i) => ({
            capability_type: `sensor_${i}`,
            control_type: 'sensor',
            unit: '°C',
          }));
          const { wire } = await enrolled(server, rest, id, capabilities);
          const readings = capabilities.map((one, i) => ({ ...one, value: 20 + i / 7 }));
          await wire.publish(`devices/${id}/sensor`, { readings });
          await rest.expect(200, 'POST', `/api/devices/${id}/pair`, { room_id: room.id });
          return wire;
        }),
      );
      const path = `/api/rooms/${room.id}/widgets?status=all`;
      const { body, headers } = await rest.get<{ widgets: WidgetBody[] }>(path);
      assert.equal(body.widgets.length, 200);
      assert.ok(body.widgets.every(({ value }) => typeof value === 'number'));
      const { bytes, coding } = await bytesOf(rest.url + path, {
        Authorization: `Bearer ${rest.token}`,
        'Accept-Encoding': 'gzip',
      });
      assert.equal(coding, 'gzip');
      assert.ok(bytes < 50 * 1024, `${bytes} bytes`);
      const etag = headers.get('ETag') ?? '';
      for (const [d, wire] of wires.entries()) {
        await wire.publish(`devices/hall-${d}/heartbeat`, {
          capability_type: 'status',
          control_type: 'heartbeat',
        });
      }
      assert.equal((await rest.get(path, { 'If-None-Match': etag })).status, 304);
      await wires[0]?.publish('devices/hall-0/sensor', {
        capability_type: 'sensor_0',
        control_type: 'sensor',
        value: 99,
      });
      assert.equal((await rest.get(path, { 'If-None-Match': etag })).status, 200);
      await Promise.all(wires.map((wire) => wire.disconnect()));
    });

    await t.test('events tell who did what, page by page, and no secret', async () => {
      const { wire, secret } = await enrolled(server, rest, 'watched');
      const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Watched' });
      await rest.expect(200, 'POST', '/api/devices/watched/pair', { room_id: room.id });
      const { widget_id } = await rest.widget('watched', 'power');
      await rest.expect(202, 'POST', `/api/widgets/${widget_id}/command?wait=0`, { value: 'ON' });
      await assert.rejects(wire.publish('devices/meter/sensor', reading(1)), /closed/);
      await rest.call('POST', '/api/auth/login', { username: 'nobody', password: 'a-wrong-password' });
      const stranger = await Wire.tcp(server.ports.mqtt);
      await stranger.connect({ clientId: 'watched', username: 'watched', password: 'x'.repeat(43) });
      const app = await Wire.tcp(server.ports.mqtt);
      await app.connect({ clientId: 'app', username: 'admin', password: rest.token });
      await app.disconnect();
      const events = await until('all are there', async () => {
        const found = await allEvents(rest);
        const kinds = new Set(found.map(({ kind }) => kind));
        const wanted = ['login', 'login_failed', 'device_registered', 'device_paired'];
        wanted.push('mqtt_login', 'room_created', 'enrollment_created', 'command_requested', 'denied');
        return wanted.every((one) => kinds.has(one)) ? found : null;
      });
      const failed = events.filter(({ kind }) => kind === 'login_failed').map(({ actor }) => actor);
      assert.deepEqual(new Set(failed), new Set(['nobody', 'watched']));
      assert.equal(events.find(({ kind }) => kind === 'device_paired')?.actor, 'admin');
      assert.doesNotMatch(JSON.stringify(events), new RegExp(`${secret}|a-wrong-password`));
      const own = await allEvents(rest, '&device_id=watched');
      assert.ok(own.length >= 4 && own.every(({ device_id }) => device_id === 'watched'));
      const { events: kept } = await rest.expect<{ events: object[] }>(200, 'GET', '/api/events?limit=200');
      assert.ok(kept.length >= events.length);
    });
  });
}
