import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolled, register } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { type Hello, Wire } from '../helpers/wire.ts';
import { callOf, clientsMissing, command, publish } from './client.ts';
import { assertSeen, logged, PAGE } from './page.ts';

const skip = clientsMissing();
const SECRET = 'A'.repeat(43);

void test('a device that is refused is told a code, and the log tells why', { skip }, async (t) => {
  const { server, rest } = await startServer(t, { MAX_CONNECTIONS_PER_ADDRESS: '20' });
  const { secret } = await enrolled(server, rest, 'lamp');
  const call = (id: string, password?: string) => ({
    ...{ port: server.ports.mqtts, ca: server.caPath, id },
    ...(password !== undefined && { password }),
  });
  const tried = async (hello: Hello) => {
    const wire = await Wire.tcp(server.ports.mqtt);
    const { returnCode } = await wire.connect(hello);
    return { wire, returnCode };
  };
  /** The row of the page with this reason has this code. */
  const why = async (reason: string, code: number, hello: Hello) => {
    const from = server.lines.length;
    const { returnCode } = await tried(hello);
    assert.equal(returnCode, code, reason);
    assert.match(
      PAGE,
      new RegExp(`\`${reason}\` +\\| ${code} `),
      `the page has no row ${reason} with ${code}`,
    );
    const line = () =>
      server.lines.slice(from).some((each) => each.msg === 'connection refused' && each.why === reason);
    await until(`the log says ${reason}`, line, () => server.report());
  };
  const as = (id: string, password?: string, more: Partial<Hello> = {}): Hello => ({
    ...{ clientId: id, username: id, ...(password !== undefined && { password }) },
    ...more,
  });

  await t.test('secrets and tokens', async () => {
    const from = server.lines.length;
    assertSeen('secret-device', (await publish(call('lamp', SECRET))).said);
    await logged(server, 'secret-log', from);
    const spent = await rest.enroll({ max_uses: 1 });
    const { wire } = await tried(as('first', spent));
    assert.equal((await register(wire, 'first')).status, 'registered');
    await why('wrong credentials', 4, as('second', spent));
    await why('a password is required', 4, as('third'));
    await why('the device has its secret and may not enrol again', 5, as('lamp', await rest.enroll()));
    // Its flash was erased: allowed once, it comes in with a token, and has its old history.
    await rest.expect(200, 'POST', '/api/devices/lamp/reenroll');
    const again = await tried(as('lamp', await rest.enroll()));
    assert.equal(again.returnCode, 0);
    const { device_secret: renewed = '', status } = await register(again.wire, 'lamp');
    assert.equal(status, 'already_registered');
    assert.equal((await publish(call('lamp', secret))).code === 0, false);
    const { code, said } = await publish(call('lamp', renewed));
    assert.equal(code, 0, said);
    await rest.expect(200, 'POST', '/api/devices/lamp/revoke');
    await why('the device is revoked', 5, as('lamp', renewed));
    await rest.expect(204, 'DELETE', '/api/devices/lamp');
    assert.equal((await tried(as('lamp', await rest.enroll()))).returnCode, 0);
  });

  await t.test('client ids', async () => {
    const { wire, secret: own } = await enrolled(server, rest, 'pump');
    await wire.disconnect();
    const from = server.lines.length;
    assertSeen(
      'client-id-device',
      (
        await command('mosquitto_pub', [
          ...callOf(call('the pump')).filter((each, i, all) => each !== '-u' && all[i - 1] !== '-u'),
        ])
      ).said,
    );
    await logged(server, 'client-id-log', from);
    await why('the client id of a device is its device id', 4, {
      clientId: 'mqttjs_1',
      username: 'pump',
      password: own,
    });
    await logged(server, 'client-id-other-log', from);
  });

  await t.test('topics', async () => {
    const { wire, secret: own } = await enrolled(server, rest, 'lamp');
    await wire.disconnect();
    const from = server.lines.length;
    const { said } = await publish({ ...call('lamp', own), topic: 'devices/lapm/sensor' });
    assertSeen('topic-device', said);
    await logged(server, 'topic-log', from);
    const args = callOf(call('lamp', own)).slice(0, -4);
    const listening = await command('mosquitto_sub', [
      ...args,
      '-W',
      '5',
      '-t',
      'devices/lapm/command/request',
    ]);
    assertSeen('topic-subscribe-device', listening.said);
    const will = { topic: 'devices/new/sensor', payload: '{}' };
    const { returnCode } = await tried(as('new', await rest.enroll(), { will }));
    assert.equal(returnCode, 5);
    await logged(server, 'topic-will-log', from);
    assert.equal((await publish(call('lamp', own))).code, 0);
  });

  await t.test('too often, and too many', async () => {
    const { wire, secret: own } = await enrolled(server, rest, 'heater');
    await wire.disconnect();
    const from = server.lines.length;
    for (let i = 0; i < 10; i++) await tried(as('heater', SECRET));
    await why('too many failed log-ins', 3, as('heater', own));
    await logged(server, 'locked-log', from);
    const wires = await Promise.all(Array.from({ length: 30 }, () => Wire.tcp(server.ports.mqtt)));
    await logged(server, 'connections-log', from);
    for (const each of wires) each.socket.destroy();
  });

  await t.test('MQTT 5', async () => {
    const { said } = await publish({ ...call('lamp', SECRET), version: 'mqttv5' });
    assert.match(said, /Unsupported Protocol Version/);
  });
});
