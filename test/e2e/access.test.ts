import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, enrolled, reading, register } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN, type Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

async function connack(server: Server, hello: Parameters<Wire['connect']>[0]) {
  const wire = await Wire.tcp(server.ports.mqtt);
  const { returnCode } = await wire.connect(hello);
  return { wire, returnCode };
}

void test('what ends a log-in of a person', async (t) => {
  const { server, rest } = await startServer(t);
  const eva = { username: 'eva', password: 'correct horse battery' };
  const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/auth/register', eva);
  const session = async (password: string) => {
    const { wire, returnCode } = await connack(server, { clientId: 'phone', username: 'eva', password });
    t.after(() => wire.drop());
    assert.equal(returnCode, 0);
    return wire;
  };

  await t.test('logging out ends that token and what it opened, and no other', async () => {
    const [phone, laptop] = [await new Rest(server).logIn(eva), await new Rest(server).logIn(eva)];
    const wire = await session(phone.token);
    await phone.expect(204, 'POST', '/api/auth/logout');
    await wire.closed;
    await phone.expect(401, 'GET', '/api/auth/me');
    await phone.expect(401, 'POST', '/api/auth/logout');
    await laptop.expect(200, 'GET', '/api/auth/me');
    const { wire: refused, returnCode } = await connack(server, {
      clientId: 'phone',
      username: 'eva',
      password: phone.token,
    });
    assert.equal(returnCode, 4);
    await refused.closed;
  });

  await t.test('a token that was logged out stays so after a restart', async () => {
    const phone = await new Rest(server).logIn(eva);
    await phone.expect(204, 'POST', '/api/auth/logout');
    await server.stop();
    await server.start();
    await phone.expect(401, 'GET', '/api/auth/me');
    await rest.expect(200, 'GET', '/api/auth/me');
  });

  await t.test('removing the account ends sessions and forgets those that were kept', async () => {
    const hello = { clientId: 'kept', username: 'eva', password: eva.password, clean: false };
    const { wire } = await connack(server, hello);
    await wire.subscribe('devices/#');
    await rest.expect(204, 'DELETE', `/api/users/${user.id}`);
    await wire.closed;
    await until('nothing is stored for it', async () => {
      const { body } = await rest.get<string>('/api/metrics');
      return /^pm_iot_mqtt_stored_sessions 0$/m.test(body);
    });
  });
});

void test('a session that a token opened ends when the token expires', async (t) => {
  const { server, rest } = await startServer(t, { JWT_EXPIRES_IN: '2s' });
  const { wire, returnCode } = await connack(server, {
    clientId: 'phone',
    username: ADMIN.username,
    password: rest.token,
  });
  assert.equal(returnCode, 0);
  await wire.closed;
});

void test('passwords', async (t) => {
  const { server, rest } = await startServer(t);

  await t.test('common, short and guessable ones are refused wherever one is set', async () => {
    const refused = [
      'password123',
      'short',
      'aaaaaaaaaaaa',
      'Eva-2026-11',
      'pm-iot-1234',
      'd29yZHMgaW4gdGhlIGZvcm0gb2YgYSBzZWNyZXQhISE',
    ];
    for (const password of refused) {
      const { error } = await rest.expect<{ error: string }>(400, 'POST', '/api/auth/register', {
        username: 'eva',
        password,
      });
      assert.match(error, /password: /, password);
      assert.ok(!error.includes(password), 'an error does not repeat the password');
    }
    const change = { current_password: ADMIN.password, new_password: 'iloveyou' };
    await rest.expect(400, 'PUT', '/api/auth/password', change);
    const { user } = await rest.expect<{ user: { id: number } }>(201, 'POST', '/api/auth/register', {
      username: 'eva',
      password: 'nur kleine wörter hier',
    });
    await rest.expect(400, 'PUT', `/api/users/${user.id}`, { password: 'qwertyuiop' });
  });

  await t.test('an admin who sets one tells whether it must be changed', async () => {
    interface Told {
      user: { id: number; must_change_password: boolean };
    }
    const person = { username: 'ida', password: 'correct horse battery' };
    const { user } = await rest.expect<Told>(201, 'POST', '/api/auth/register', person);
    assert.equal(user.must_change_password, false);
    const after = async (change: object) =>
      (await rest.expect<Told>(200, 'PUT', `/api/users/${user.id}`, change)).user.must_change_password;
    const password = 'words for the first day';
    assert.equal(await after({ password, must_change_password: true }), true);
    assert.equal(await after({ name: 'Ida' }), true, 'it hangs on the password alone');
    assert.equal(await after({ password }), false);
    const guest = { username: 'guest', password, role: 'USER', must_change_password: true };
    const made = await rest.expect<Told>(201, 'POST', '/api/users', guest);
    assert.equal(made.user.must_change_password, true);
  });

  await t.test('a name that does not exist is told nothing else', async () => {
    const nobody = { username: 'nobody', password: 'some long password' };
    const wrong = { username: ADMIN.username, password: 'some long password' };
    const [first, second] = [
      await rest.call('POST', '/api/auth/login', nobody),
      await rest.call('POST', '/api/auth/login', wrong),
    ];
    assert.equal(first.status, 401);
    assert.deepEqual(first.body, second.body);
    const answers = await Promise.all([
      connack(server, { clientId: 'a', ...nobody }),
      connack(server, { clientId: 'a', ...wrong }),
    ]);
    assert.deepEqual(
      answers.map(({ returnCode }) => returnCode),
      [4, 4],
    );
  });
});

void test('a device that lost its secret enrols again when an admin allows it, once', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  t.after(() => wire.drop());
  await wire.publish('devices/lamp/sensor', reading(1));
  const token = await rest.enroll({ max_uses: 2 });
  const enrol = async (password = token) => connack(server, { clientId: 'lamp', username: 'lamp', password });
  assert.equal((await enrol()).returnCode, 5, 'a token alone does not open an id that has its secret');

  await rest.expect(200, 'POST', '/api/devices/lamp/reenroll');
  await rest.expect(204, 'DELETE', '/api/devices/lamp/reenroll');
  assert.equal((await enrol()).returnCode, 5, 'what was withdrawn does not count');
  const until = async () =>
    (await rest.expect<{ reenroll_until: string | null }>(200, 'GET', '/api/devices/lamp')).reenroll_until;
  assert.equal(await until(), null);

  const { until: end } = await rest.expect<{ until: string }>(200, 'POST', '/api/devices/lamp/reenroll');
  assert.ok(Date.parse(end) > Date.now() + 23 * 3_600_000);
  assert.equal(await until(), end);
  const { wire: lost, returnCode } = await enrol();
  assert.equal(returnCode, 0);
  await wire.closed;
  const answer = await register(lost, 'lamp');
  assert.equal(answer.status, 'already_registered');
  assert.equal(await until(), null);
  const fresh = answer.device_secret ?? '';
  assert.notEqual(fresh, secret);
  await lost.disconnect();
  const { wire: old, returnCode: refused } = await enrol(secret);
  assert.equal(refused, 4, 'the lost secret has ended');
  await old.closed;
  const again = await connected(server, 'lamp', fresh);
  assert.equal((await rest.widget('lamp', 'temperature')).value, 1, 'history and widgets stay');
  assert.equal((await enrol()).returnCode, 5, 'once');
  await again.drop();

  const { enrollments } = await rest.expect<{ enrollments: { uses: number }[] }>(
    200,
    'GET',
    '/api/enrollments',
  );
  assert.equal(enrollments.at(-1)?.uses, 1, 'it took a use');
  await rest.expect(200, 'POST', '/api/devices/lamp/revoke');
  await rest.expect(409, 'POST', '/api/devices/lamp/reenroll');
});
