import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolled, reading, registration } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { ENROLMENT, MODES, MQTT_IDENTITIES, type MqttIdentity, PUBLISH, SUBSCRIBE } from './table.ts';
import { connack, connector, startWorld } from './world.ts';

void test('every topic for every identity', async (t) => {
  const world = await startWorld(t);
  const connect = connector(t, world);
  const named = (topic: string, id: string) =>
    topic.replace('{own}', id).replace('{command}', world.command.correlation_id);

  const payloadOf = (topic: string, id: string): unknown => {
    if (topic === 'devices/register') return registration(id);
    if (topic.endsWith('/sensor')) return reading(1);
    if (topic.endsWith('/heartbeat'))
      return { capability_type: 'status', control_type: 'heartbeat', value: 'alive' };
    return { status: 'success', correlation_id: world.command.correlation_id };
  };

  for (const [topic, cells] of Object.entries(PUBLISH)) {
    for (const [i, who] of MQTT_IDENTITIES.entries()) {
      await t.test(`publish ${topic} by ${who}: ${cells[i]}`, async () => {
        const { wire, id } = await connect(who);
        const published = wire.publish(named(topic, id), payloadOf(topic, id));
        if (cells[i] === 'no') {
          await assert.rejects(published, /the connection was closed/);
        } else {
          await published;
          await wire.ping();
        }
        await wire.drop();
      });
    }
  }

  /** What arrives on a subscription while both devices report. */
  const seenBy = async (who: MqttIdentity, filter: string): Promise<string[]> => {
    const { wire } = await connect(who);
    assert.deepEqual(await wire.subscribe(filter), [1]);
    for (const device of ['other device', 'device'] as const) {
      const { wire: reporting, id } = await connect(device);
      await reporting.publish(`devices/${id}/sensor`, reading(1));
      await reporting.ping();
      await reporting.drop();
    }
    await wire.ping();
    await wire.ping();
    await wire.drop();
    return [...new Set(wire.messages.map(({ topic }) => topic))]
      .filter((topic) => topic.endsWith('/sensor'))
      .sort();
  };

  for (const [filter, cells] of Object.entries(SUBSCRIBE)) {
    for (const [i, who] of MQTT_IDENTITIES.entries()) {
      await t.test(`subscribe ${filter} by ${who}: ${cells[i]}`, async () => {
        const { wire, id } = await connect(who);
        const granted = await wire.subscribe(named(filter, id));
        assert.deepEqual(granted, [cells[i] === 'no' ? 128 : 1]);
        await wire.drop();
        if (cells[i] === 'own') {
          const own = who === 'user with grant' ? ['devices/lamp/sensor'] : [];
          assert.deepEqual(await seenBy(who, filter), own);
        }
      });
    }
  }

  await t.test('an admin sees through a wildcard what others were denied', async () => {
    assert.deepEqual(await seenBy('admin', 'devices/+/sensor'), [
      'devices/boiler/sensor',
      'devices/lamp/sensor',
    ]);
  });
});

for (const [column, mode] of MODES.entries()) {
  void test(`who may connect with DEVICE_ENROLLMENT=${mode}`, async (t) => {
    const { server, rest } = await startServer(t);
    const { wire, secret } = await enrolled(server, rest, 'known');
    await wire.disconnect();
    const { wire: gone, secret: lost } = await enrolled(server, rest, 'revoked');
    await gone.disconnect();
    await rest.expect(200, 'POST', '/api/devices/revoked/revoke');
    const token = await rest.enroll({});
    await server.restartWith({ DEVICE_ENROLLMENT: mode });
    const wrong = `${token.slice(0, -2)}AA`;
    const logins: Record<string, [string, string?]> = {
      'a new device without a password': ['new-1'],
      'a new device with a token': ['new-2', token],
      'a new device with a wrong token': ['new-3', wrong],
      'a device that has used its secret, with it': ['known', secret],
      'a device that has used its secret, without a password': ['known'],
      'a device that has used its secret, with a token': ['known', token],
      'a device that has used its secret, with a wrong one': ['known', wrong],
      'a revoked device with its secret': ['revoked', lost],
    };
    for (const [name, codes] of Object.entries(ENROLMENT)) {
      await t.test(`${name}: ${codes[column]}`, async () => {
        const [id, password] = logins[name] ?? [''];
        assert.equal(await connack(server, id, password), codes[column]);
      });
    }
  });
}
