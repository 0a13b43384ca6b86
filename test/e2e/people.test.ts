import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

void test('people and integrations over MQTT', async (t) => {
  const { server, rest } = await startServer(t);
  const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Granted' });
  const { wire: lamp, secret } = await enrolled(server, rest, 'lamp');
  const { wire: boiler } = await enrolled(server, rest, 'boiler');
  t.after(() => Promise.all([lamp.drop(), boiler.drop()]));
  await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: room.id });
  const eva = { username: 'eva', password: 'correct horse battery' };
  const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', {
    ...eva,
    role: 'USER',
    room_ids: [room.id],
  });
  const evaRest = await new Rest(server).logIn(eva);
  const zigbee = { username: 'zigbee', password: 'long enough too' };
  const acl = { publish: ['zigbee/#'], subscribe: ['zigbee/#', 'home/+'] };
  await rest.expect(201, 'POST', '/api/users', { ...zigbee, role: 'INTEGRATION', acl });

  const open = async (
    login: { username: string; password: string },
    more: { clientId?: string; clean?: boolean } = {},
  ) => {
    const wire = await Wire.tcp(server.ports.mqtt);
    const { returnCode } = await wire.connect({ clientId: 'app', ...login, ...more });
    assert.equal(returnCode, 0);
    return wire;
  };
  const withJwt = { username: eva.username, password: evaRest.token };

  for (const [name, url] of [
    ['WebSocket', () => `ws://127.0.0.1:${server.ports.http}/mqtt`],
    ['WebSocket over TLS', () => `wss://localhost:${server.ports.https}/mqtt`],
    ['TLS', () => `mqtts://localhost:${server.ports.mqtts}`],
  ] as const) {
    await t.test(
      `a person logs in over ${name} with a JWT and sees the granted room alone, also through a wildcard`,
      async () => {
        const options: IClientOptions = {
          ...withJwt,
          ca: server.ca,
          clientId: `app-${name}`,
          reconnectPeriod: 0,
        };
        const client: MqttClient = await connectAsync(url(), options);
        const seen: string[] = [];
        client.on('message', (topic) => seen.push(topic));
        await client.subscribeAsync('devices/+/sensor');
        await boiler.publish('devices/boiler/sensor', reading(1));
        await lamp.publish('devices/lamp/sensor', reading(2));
        await until('the granted reading is seen', () => seen.length > 0);
        assert.deepEqual(seen, ['devices/lamp/sensor']);
        await client.endAsync();
      },
    );
  }

  await t.test('what was not granted is refused with 128', async () => {
    const wire = await open(withJwt);
    assert.deepEqual(
      await wire.subscribe('devices/boiler/sensor', '#', '$SYS/#', 'home/x', 'devices/lamp/sensor'),
      [128, 128, 128, 128, 1],
    );
    await assert.rejects(wire.publish('devices/lamp/command/request', {}), /closed/);
  });

  await t.test(
    'a retained message of a device is seen through a wildcard only where it was granted',
    async () => {
      const keptFor = async (login: { username: string; password: string }) => {
        const wire = await open(login, { clientId: 'looking' });
        await wire.subscribe('devices/+/sensor');
        await wire.ping();
        await wire.disconnect();
        return wire.messages.filter(({ retain }) => retain).length;
      };
      await boiler.publish('devices/boiler/sensor', reading(10), { retain: true });
      await lamp.publish('devices/lamp/sensor', reading(11), { retain: true });
      // The broker keeps it only after it has been acknowledged.
      await until('both are kept', async () => (await keptFor(ADMIN)) === 2);
      const wire = await open(withJwt);
      assert.deepEqual(await wire.subscribe('devices/+/sensor'), [1]);
      await wire.messageOn('devices/lamp/sensor');
      await wire.ping();
      assert.deepEqual(
        wire.messages.map(({ topic, payload, retain }) => [topic, JSON.parse(payload).value, retain]),
        [['devices/lamp/sensor', 11, true]],
      );
      await boiler.publish('devices/boiler/sensor', '', { retain: true });
      await lamp.publish('devices/lamp/sensor', '', { retain: true });
      await until('empty messages have cleared both', async () => (await keptFor(ADMIN)) === 0);
      await wire.disconnect();
    },
  );

  await t.test('what a removed device has left retained goes with it', async () => {
    const { wire: old } = await enrolled(server, rest, 'gone');
    await old.publish('devices/gone/sensor', reading(1), { retain: true });
    await lamp.publish('devices/lamp/sensor', reading(2), { retain: true });
    const kept = async () => {
      const wire = await open(ADMIN);
      await wire.subscribe('devices/+/sensor');
      await wire.ping();
      await wire.disconnect();
      return wire.messages.map(({ topic }) => topic);
    };
    await until('both are kept', async () => (await kept()).length === 2);
    await rest.expect(204, 'DELETE', '/api/devices/gone');
    assert.deepEqual(await kept(), ['devices/lamp/sensor']);
    await lamp.publish('devices/lamp/sensor', '', { retain: true });
    await until('the other has been cleared', async () => (await kept()).length === 0);
  });

  await t.test(
    'a denied filter is not delivered after the next connect of a persistent session either',
    async () => {
      const wire = await open(withJwt, { clean: false });
      assert.deepEqual(await wire.subscribe('devices/boiler/sensor', 'devices/lamp/sensor'), [128, 1]);
      await wire.drop();
      await boiler.publish('devices/boiler/sensor', reading(3));
      await lamp.publish('devices/lamp/sensor', reading(4));
      const back = await open(withJwt, { clean: false });
      await back.messageOn('devices/lamp/sensor');
      await boiler.publish('devices/boiler/sensor', reading(5));
      await back.ping();
      assert.deepEqual(new Set(back.messages.map(({ topic }) => topic)), new Set(['devices/lamp/sensor']));
      await back.disconnect();
    },
  );

  await t.test('a person’s client id can evict no device, and no other person', async () => {
    const device = await connected(server, 'lamp', secret);
    const person = await open(withJwt, { clientId: 'lamp' });
    const admin = await open(ADMIN, { clientId: 'lamp' });
    await device.ping();
    await person.ping();
    await Promise.all([device.disconnect(), person.disconnect(), admin.disconnect()]);
  });

  await t.test('a wrong password is refused, and the JWT of another user too', async () => {
    for (const login of [
      { ...eva, password: 'wrong' },
      { username: 'zigbee', password: evaRest.token },
    ]) {
      const wire = await Wire.tcp(server.ports.mqtt);
      assert.equal((await wire.connect({ clientId: 'app', ...login })).returnCode, 4);
    }
  });

  await t.test('an admin sees all, the secrets of devices excepted', async () => {
    const wire = await open(ADMIN);
    assert.deepEqual(await wire.subscribe('#', '$SYS/#'), [1, 1]);
    await enrolled(server, rest, 'secretive').then(({ wire: device }) => device.disconnect());
    await boiler.publish('devices/boiler/sensor', reading(6));
    await wire.messageOn('devices/boiler/sensor');
    await wire.message(({ topic }) => topic.startsWith('$SYS/'));
    assert.ok(!wire.messages.some(({ payload }) => payload.includes('device_secret')));
    await wire.disconnect();
  });

  await t.test('an integration has its own topics: QoS 2, retained messages and wills', async () => {
    const one = await open(zigbee, { clientId: 'one' });
    await one.publish('zigbee/state', 'kept', { qos: 2, retain: true });
    const two = await open(zigbee, { clientId: 'two' });
    assert.deepEqual(await two.subscribe('zigbee/#', 'devices/#', '#'), [1, 128, 128]);
    const message = await two.messageOn('zigbee/state');
    assert.deepEqual([message.payload, message.retain], ['kept', true]);
    const dying = await Wire.tcp(server.ports.mqtt);
    await dying.connect({
      clientId: 'three',
      ...zigbee,
      will: { topic: 'zigbee/will', payload: 'gone', qos: 1 },
    });
    await dying.drop();
    assert.equal((await two.messageOn('zigbee/will')).payload, 'gone');
    await assert.rejects(one.publish('devices/lamp/sensor', reading(1)), /closed/);
    await assert.rejects(two.publish('home/x', 'not granted'), /closed/);
  });

  await t.test(
    'a taken grant, a new password and a deleted account end the live session at once',
    async () => {
      const first = await open(withJwt);
      await rest.expect(200, 'PUT', `/api/users/${user.id}`, { room_ids: [] });
      await first.closed;
      const second = await open(withJwt);
      assert.deepEqual(await second.subscribe('devices/lamp/sensor'), [128]);
      await evaRest.expect(204, 'PUT', '/api/auth/password', {
        current_password: eva.password,
        new_password: 'another password',
      });
      await second.closed;
      const third = await open({ ...eva, password: 'another password' });
      await rest.expect(204, 'DELETE', `/api/users/${user.id}`);
      await third.closed;
      assert.equal((await evaRest.get('/api/auth/me')).status, 401);
    },
  );
});
