import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { startServer } from '../helpers/setup.ts';
import { type Hello, Wire } from '../helpers/wire.ts';

void test('what is taken away is gone at once, last words included', async (t) => {
  const { server, rest } = await startServer(t);
  const open = async (hello: Hello) => {
    const wire = await Wire.tcp(server.ports.mqtt);
    t.after(() => wire.drop());
    assert.equal((await wire.connect(hello)).returnCode, 0);
    return wire;
  };
  const { wire: first, secret } = await enrolled(server, rest, 'lamp');
  await first.disconnect();
  const admin = await open({ clientId: 'watch', username: 'admin', password: rest.token });
  await admin.subscribe('home/#', 'devices/#');

  await t.test('a grant, while what was queued under it is still being sent', async () => {
    const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Hall' });
    await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: room.id });
    const eva = { username: 'eva', password: 'correct horse battery' };
    const grant = { ...eva, role: 'USER', room_ids: [room.id] };
    const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', grant);
    const phone = { clientId: 'phone', ...eva, clean: false };
    const before = await open(phone);
    await before.subscribe('devices/#');
    await before.drop();
    const lamp = await connected(server, 'lamp', secret);
    const count = 900;
    const sent = Array.from({ length: count }, (_, seq) =>
      lamp.publish('devices/lamp/sensor', reading('x'.repeat(3000), { seq })),
    );
    await Promise.all(sent);
    const wire = await Wire.tcp(server.ports.mqtt);
    const welcome = wire.connect(phone);
    wire.onMessage = () => wire.socket.pause();
    await welcome;
    await rest.expect(200, 'PUT', `/api/users/${user.id}`, { room_ids: [] });
    wire.onMessage = null;
    wire.socket.resume();
    await wire.closed;
    assert.ok(wire.messages.length < count, `${wire.messages.length} of ${count} were on their way already`);
    await lamp.disconnect();
  });

  await t.test('a room whose messages are queued, and the session goes on', async () => {
    const room = await rest.expect<{ id: number }>(201, 'POST', '/api/rooms', { name: 'Attic' });
    await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: room.id });
    const ida = { username: 'ida', password: 'another horse battery' };
    await rest.expect(201, 'POST', '/api/users', { ...ida, role: 'USER', room_ids: [room.id] });
    const phone = { clientId: 'phone', ...ida, clean: false };
    const before = await open(phone);
    await before.subscribe('devices/#');
    await before.drop();
    const lamp = await connected(server, 'lamp', secret);
    for (let seq = 0; seq < 40; seq++) await lamp.publish('devices/lamp/sensor', reading(seq, { seq }));
    await rest.expect(200, 'POST', '/api/devices/lamp/unpair');
    const again = await open(phone);
    await again.ping();
    assert.deepEqual(again.messages, []);
    await rest.expect(200, 'POST', '/api/devices/lamp/pair', { room_id: room.id });
    await lamp.publish('devices/lamp/sensor', reading('seen'));
    await again.messageOn('devices/lamp/sensor');
    await lamp.disconnect();
  });

  await t.test('the will of an integration', async () => {
    const login = { username: 'zigbee', password: 'quite long enough' };
    const acl = { publish: ['home/#'], subscribe: [] };
    const account = { ...login, role: 'INTEGRATION', acl };
    const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/users', account);
    const wire = await open({
      clientId: 'bridge',
      ...login,
      will: { topic: 'home/alarm', payload: 'gone', retain: true },
    });
    await rest.expect(204, 'DELETE', `/api/users/${user.id}`);
    await wire.closed;
    await admin.ping();
    assert.ok(!admin.messages.some(({ topic }) => topic === 'home/alarm'));
  });

  await t.test('the will of a device', async () => {
    const payload = JSON.stringify(reading('last words'));
    const will = { topic: 'devices/lamp/sensor', payload, qos: 1 as const };
    const wire = await open({ clientId: 'lamp', username: 'lamp', password: secret, will });
    await rest.expect(200, 'POST', '/api/devices/lamp/revoke');
    await wire.closed;
    await admin.ping();
    assert.notEqual((await rest.widget('lamp', 'temperature')).value, 'last words');
  });

  await t.test('a token: it buys no other one, and locks nobody out', async () => {
    const ben = { username: 'ben', password: 'a few words of his' };
    await rest.expect(201, 'POST', '/api/auth/register', ben);
    const phone = await new Rest(server).logIn(ben);
    const withToken = { username: ben.username, password: phone.token };
    await phone.expect(401, 'POST', '/api/auth/login', withToken);
    await phone.expect(204, 'POST', '/api/auth/logout');
    for (let i = 0; i < 12; i++) {
      const wire = await Wire.tcp(server.ports.mqtt);
      assert.equal((await wire.connect({ clientId: 'phone', ...withToken })).returnCode, 4);
      await wire.closed;
    }
    await new Rest(server).logIn(ben);
  });
});
