import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBeside } from '../helpers/command.ts';
import { connected, enrolled, reading, register } from '../helpers/devices.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

async function tryLogin(
  server: Server,
  clientId: string,
  password?: string,
  username: string | null = clientId,
) {
  const wire = await Wire.tcp(server.ports.mqtt);
  const hello = {
    clientId,
    ...(username !== null && { username }),
    ...(password !== undefined && { password }),
  };
  const { returnCode } = await wire.connect(hello);
  return { wire, returnCode };
}

void test('enrolment by token', async (t) => {
  const { server, rest } = await startServer(t);

  await t.test('nobody comes in without a token or a secret', async () => {
    for (const password of [undefined, '', 'wrong', 'x'.repeat(43)]) {
      const { returnCode } = await tryLogin(server, 'stranger', password);
      assert.ok(returnCode === 4 || returnCode === 5, `${password}: ${returnCode}`);
    }
    assert.equal((await tryLogin(server, 'no spaces', undefined, null)).returnCode, 2);
  });

  await t.test(
    'while the secret is unused, the same token makes a new one; afterwards it opens nothing',
    async () => {
      const token = await rest.enroll({ max_uses: 1 });
      const first = await tryLogin(server, 'lost', token);
      const one = await register(first.wire, 'lost');
      await first.wire.drop();
      const second = await tryLogin(server, 'lost', token);
      assert.equal(second.returnCode, 0);
      const two = await register(second.wire, 'lost');
      assert.equal(two.status, 'already_registered');
      assert.notEqual(two.device_secret, one.device_secret);
      await second.wire.disconnect();
      assert.equal((await tryLogin(server, 'lost', one.device_secret)).returnCode, 4);
      assert.equal((await tryLogin(server, 'lost', two.device_secret)).returnCode, 0);
      assert.equal((await tryLogin(server, 'lost', token)).returnCode, 5);
      assert.equal((await tryLogin(server, 'other', token)).returnCode, 4);
    },
  );

  await t.test('registering again with the secret updates the device and gives no new secret', async () => {
    const { wire } = await enrolled(server, rest, 'again');
    const answer = await register(wire, 'again', {
      device_id: 'again',
      device_name: 'New name',
      device_type: 'smart_light',
      capabilities: [{ capability_type: 'extra', control_type: 'button' }],
    });
    assert.equal(answer.status, 'already_registered');
    assert.equal(answer.device_secret, undefined);
    assert.equal(answer.widgets_created, 1);
    const device = await rest.device('again');
    assert.equal(device.device_name, 'New name');
    assert.equal(device.widgets.length, 5);
    await wire.disconnect();
  });

  await t.test('an enrolling session may register and hear the answer, and nothing else', async () => {
    const token = await rest.enroll();
    const { wire } = await tryLogin(server, 'newcomer', token);
    assert.deepEqual(
      await wire.subscribe('devices/newcomer/#', '#', 'devices/newcomer/register/response'),
      [128, 128, 1],
    );
    await assert.rejects(wire.publish('devices/newcomer/sensor', reading(1)), /closed/);
    const other = await tryLogin(server, 'newcomer', token);
    const answer = await register(other.wire, 'newcomer', {
      device_id: 'somebody',
      device_name: 'x',
      device_type: 'y',
    });
    assert.equal(answer.status, 'error');
    assert.equal((await rest.get('/api/devices/somebody')).status, 404);
  });

  await t.test('a token is for one device unless more are asked for', async () => {
    const [one, two] = [await rest.enroll(), await rest.enroll({ max_uses: 2 })];
    const enrols = async (id: string, token: string) => {
      const { wire, returnCode } = await tryLogin(server, id, token);
      return returnCode === 0 ? (await register(wire, id)).status : returnCode;
    };
    assert.equal(await enrols('one', one), 'registered');
    assert.equal(await enrols('one-more', one), 4);
    assert.equal(await enrols('two', two), 'registered');
    assert.equal(await enrols('two-more', two), 'registered');
    const { enrollments } = await rest.expect<{ enrollments: { max_uses: number }[] }>(
      200,
      'GET',
      '/api/enrollments?limit=200',
    );
    assert.deepEqual(
      enrollments.slice(-2).map(({ max_uses }) => max_uses),
      [1, 2],
    );
  });

  await t.test('a token that has expired, is used up or was deleted opens nothing', async () => {
    const short = await rest.enroll({ expires_in: '1s' });
    const { id, token } = await rest.expect<{ id: number; token: string }>(
      201,
      'POST',
      '/api/enrollments',
      {},
    );
    await rest.expect(204, 'DELETE', `/api/enrollments/${id}`);
    assert.equal((await tryLogin(server, 'late', token)).returnCode, 4);
    await until(
      'the token has expired',
      async () => (await tryLogin(server, 'late', short)).returnCode === 4,
    );
  });

  await t.test(
    'a revoked device is disconnected at once and stays out, a new secret lets it in again',
    async () => {
      const { wire, secret } = await enrolled(server, rest, 'revoked');
      await rest.expect(200, 'POST', '/api/devices/revoked/revoke');
      await wire.closed;
      assert.equal((await tryLogin(server, 'revoked', secret)).returnCode, 5);
      const { device_secret } = await rest.expect<{ device_secret: string }>(
        200,
        'POST',
        '/api/devices/revoked/secret',
      );
      assert.equal((await tryLogin(server, 'revoked', secret)).returnCode, 4);
      await (await connected(server, 'revoked', device_secret)).disconnect();
    },
  );

  await t.test('a deleted device is disconnected, and its id is free', async () => {
    const { wire, secret } = await enrolled(server, rest, 'deleted');
    await wire.publish('devices/deleted/sensor', reading(1));
    await rest.expect(204, 'DELETE', '/api/devices/deleted');
    await wire.closed;
    assert.equal((await tryLogin(server, 'deleted', secret)).returnCode, 4);
    const { wire: anew } = await enrolled(server, rest, 'deleted');
    assert.equal((await rest.widget('deleted', 'temperature')).value, null);
    await anew.disconnect();
  });

  await t.test('ten wrong secrets lock the device id for that address', async () => {
    const { wire, secret } = await enrolled(server, rest, 'guessed');
    await wire.disconnect();
    for (let i = 0; i < 10; i++)
      assert.equal((await tryLogin(server, 'guessed', `${i}`.repeat(43))).returnCode, 4);
    assert.equal((await tryLogin(server, 'guessed', secret)).returnCode, 3);
  });
});

void test('open enrolment', async (t) => {
  const { server, rest } = await startServer(t, { DEVICE_ENROLLMENT: 'open', OFFLINE_AFTER: '1s' });

  await t.test(
    'a device comes without a password, with or without a username, until it has used its secret',
    async () => {
      const { wire, returnCode } = await tryLogin(server, 'free', undefined, null);
      assert.equal(returnCode, 0);
      const { device_secret } = await register(wire, 'free');
      await wire.disconnect();
      const again = await tryLogin(server, 'free');
      assert.equal(again.returnCode, 0);
      await again.wire.publish('devices/free/sensor', reading(1));
      await again.wire.disconnect();
      assert.equal((await rest.widget('free', 'temperature')).value, 1);
      await (await connected(server, 'free', device_secret ?? '')).disconnect();
      assert.equal((await tryLogin(server, 'free')).returnCode, 4);
    },
  );

  await t.test(
    'a device that says nothing is offline though connected, and online with its next packet',
    async () => {
      const { wire } = await tryLogin(server, 'quiet');
      await register(wire, 'quiet');
      assert.equal((await rest.device('quiet')).status, 'online');
      const silent = await until('it is offline', async () => {
        const device = await rest.device('quiet');
        return device.status === 'offline' ? device : null;
      });
      assert.equal(silent.connected, true);
      await wire.ping();
      assert.equal((await rest.device('quiet')).status, 'online');
      await wire.disconnect();
    },
  );
});

void test('closed enrolment', async (t) => {
  const { server, rest } = await startServer(t, { DEVICE_ENROLLMENT: 'closed' });

  await t.test('no token is made that could let nobody in, and the operator is told why', async () => {
    const { status, body } = await rest.call<{ error: string; code: string }>('POST', '/api/enrollments', {});
    assert.deepEqual([status, body.code], [409, 'ENROLLMENT_CLOSED']);
    assert.match(body.error, /DEVICE_ENROLLMENT/);
    const { code, stderr } = await runBeside(server, 'enroll');
    assert.equal(code, 1);
    assert.match(stderr, /^the server refuses: DEVICE_ENROLLMENT is closed/m);
  });

  await t.test('nobody new comes in, token or not', async () => {
    await server.restartWith({ DEVICE_ENROLLMENT: 'token' });
    const token = await rest.enroll();
    await server.restartWith({ DEVICE_ENROLLMENT: 'closed' });
    assert.equal((await tryLogin(server, 'new', token)).returnCode, 4);
    assert.equal((await tryLogin(server, 'new')).returnCode, 4);
  });
});
