import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS, missing } from '../helpers/database.ts';
import { connected, enrolled, LAMP, reading, register } from '../helpers/devices.ts';
import type { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

const values = async (rest: Rest, deviceId: string, type = 'temperature') =>
  (await rest.readings((await rest.widget(deviceId, type)).widget_id)).map(({ value }) => value);

for (const kind of KINDS) {
  void test(`the main path on ${kind}`, { skip: missing(kind) }, async (t) => {
    const { server, rest } = await startServer(t, {}, kind);
    const recent = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString();

    await t.test('a device enrols over TLS, reports, and is seen in its room by polling', async () => {
      const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Living room' });
      const token = await rest.enroll({ room_id: room.id, max_uses: 1 });
      const wire = await Wire.tls(server.ports.mqtts, server.ca);
      assert.equal(
        (await wire.connect({ clientId: 'lamp', username: 'lamp', password: token })).returnCode,
        0,
      );
      const answer = await register(wire, 'lamp');
      assert.equal(answer.status, 'registered');
      assert.equal(answer.widgets_created, LAMP.length);
      assert.match(answer.device_secret ?? '', /^[\w-]{43}$/);
      // The rights of a device at once, over the same connection.
      await wire.publish('devices/lamp/sensor', reading('25.5', { timestamp: recent(1), seq: 17 }));
      await wire.publish('devices/lamp/heartbeat', {
        capability_type: 'status',
        control_type: 'heartbeat',
        value: 'alive',
      });
      const { widgets } = await rest.expect<{
        widgets: { value: unknown; capability: { capability_type: string } }[];
      }>(200, 'GET', `/api/rooms/${room.id}/widgets?status=all`);
      assert.deepEqual(
        widgets.map(({ capability, value }) => [capability.capability_type, value]),
        [
          ['power', null],
          ['brightness', null],
          ['mode', null],
          ['temperature', '25.5'],
        ],
      );
      const device = await rest.device('lamp');
      assert.equal(device.status, 'online');
      assert.equal(device.connected, true);
      assert.equal(device.room_id, room.id);
      assert.notEqual(device.last_heartbeat, null);
      await wire.disconnect();
      await until('the device is offline', async () => !(await rest.device('lamp')).connected);
    });

    await t.test(
      'a reading is stored once however it is repeated; another value under its identity is refused',
      async () => {
        const { wire } = await enrolled(server, rest, 'once');
        await wire.subscribe('devices/once/errors');
        const timestamp = recent(60);
        await wire.publish('devices/once/sensor', reading(1, { timestamp }));
        await wire.publish('devices/once/sensor', reading(1, { timestamp }));
        await wire.publish('device/once/sensor', reading(1, { timestamp }));
        await wire.publish('devices/once/sensor', reading(2, { timestamp, seq: 1 }));
        await wire.publish('devices/once/sensor', {
          timestamp,
          readings: [reading(1), reading(2, { seq: 1 }), reading(3, { seq: 2 })],
        });
        await wire.publish('devices/once/sensor', reading(9, { timestamp }));
        assert.deepEqual(await values(rest, 'once'), [1, 2, 3]);
        const { payload } = await wire.messageOn('devices/once/errors');
        assert.equal(JSON.parse(payload).code, 'CONFLICT');
        assert.equal((await rest.device('once')).last_error?.code, 'CONFLICT');
        await wire.disconnect();
      },
    );

    await t.test('a redelivery without a timestamp is stored once', async () => {
      const { wire, secret } = await enrolled(server, rest, 'dup');
      await wire.publish('devices/dup/sensor', reading(5), { messageId: 7 });
      await wire.drop();
      const again = await connected(server, 'dup', secret, false);
      await again.publish('devices/dup/sensor', reading(5), { messageId: 7, dup: true });
      await again.publish('devices/dup/sensor', reading(5), { messageId: 8 });
      assert.deepEqual(await values(rest, 'dup'), [5, 5]);
      await again.disconnect();
    });

    await t.test(
      'a reading of a capability that was never declared declares it, once for a burst',
      async () => {
        const { wire } = await enrolled(server, rest, 'undeclared', []);
        const humidity = (value: number) => ({
          capability_type: 'humidity',
          control_type: 'sensor',
          value,
          unit: '%',
        });
        await Promise.all(
          [1, 2, 3, 4].map((value) => wire.publish('devices/undeclared/sensor', humidity(value))),
        );
        const { widgets } = await rest.device('undeclared');
        assert.equal(widgets.length, 1);
        assert.deepEqual(await values(rest, 'undeclared', 'humidity'), [1, 2, 3, 4]);
        await wire.disconnect();
      },
    );

    await t.test(
      'QoS 0, 1 and 2 are stored, and acknowledgements come in the order of the messages',
      async () => {
        const { wire } = await enrolled(server, rest, 'qos');
        const acknowledged: number[] = [];
        await Promise.all([
          ...Array.from({ length: 50 }, (_, i) =>
            wire
              .publish('devices/qos/sensor', reading(i, { timestamp: recent(100), seq: i }))
              .then(() => acknowledged.push(i)),
          ),
        ]);
        assert.deepEqual(
          acknowledged,
          Array.from({ length: 50 }, (_, i) => i),
        );
        await wire.publish('devices/qos/sensor', reading('two', { timestamp: recent(10) }), { qos: 2 });
        await wire.publish('devices/qos/sensor', reading('zero', { timestamp: recent(5) }), { qos: 0 });
        await wire.ping();
        await until('the QoS 0 reading is stored', async () => (await values(rest, 'qos')).length === 52);
        await wire.disconnect();
      },
    );

    await t.test('200 devices register at once', async () => {
      const token = await rest.enroll({ max_uses: 200 });
      const answers = await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const id = `crowd-${i}`;
          const wire = await Wire.tcp(server.ports.mqtt);
          assert.equal((await wire.connect({ clientId: id, username: id, password: token })).returnCode, 0);
          const answer = await register(wire, id);
          await wire.disconnect();
          return answer.status;
        }),
      );
      assert.deepEqual(new Set(answers), new Set(['registered']));
      const { devices } = await rest.expect<{ devices: object[] }>(
        200,
        'GET',
        '/api/devices?q=crowd-&limit=200',
      );
      assert.equal(devices.length, 200);
    });

    await t.test(
      'what was acknowledged before a kill -9 is there after it, with live values restored',
      async () => {
        const { wire, secret } = await enrolled(server, rest, 'killed');
        const acknowledged: number[] = [];
        const sent = Array.from({ length: 500 }, (_, i) =>
          wire.publish('devices/killed/sensor', reading(i, { timestamp: recent(1000), seq: i })).then(
            () => acknowledged.push(i),
            () => {},
          ),
        );
        await sent[50];
        assert.equal(await server.stop('SIGKILL'), null);
        await Promise.all(sent);
        await server.start();
        await rest.logIn();
        const stored = new Set(await values(rest, 'killed'));
        assert.ok(acknowledged.length > 50);
        assert.deepEqual(
          acknowledged.filter((i) => !stored.has(i)),
          [],
        );
        assert.equal((await values(rest, 'killed')).length, stored.size);
        assert.equal(
          (await rest.widget('killed', 'temperature')).value,
          Math.max(...([...stored] as number[])),
        );
        const back = await connected(server, 'killed', secret);
        await back.publish('devices/killed/sensor', reading('after'));
        await back.disconnect();
      },
    );

    await t.test('SIGTERM commits and acknowledges what was accepted, and ends with 0', async () => {
      const { wire } = await enrolled(server, rest, 'stopped');
      let acknowledged = 0;
      const sent = Array.from({ length: 300 }, (_, i) =>
        wire.publish('devices/stopped/sensor', reading(i, { timestamp: recent(1000), seq: i })).then(
          () => acknowledged++,
          () => {},
        ),
      );
      await sent[0];
      assert.equal(await server.stop(), 0, server.report());
      await Promise.all(sent);
      await server.start();
      await rest.logIn();
      const stored = await values(rest, 'stopped');
      assert.ok(stored.length >= acknowledged && acknowledged > 0);
      assert.equal(new Set(stored).size, stored.length);
    });
  });
}
