import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, enrolled } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';
import { logged } from './page.ts';

void test('a device that is thrown out again and again: two of one id, and silence', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  const twin = await connected(server, 'lamp', secret);
  await wire.closed;
  await logged(server, 'taken-over-log');
  // An id of its own.
  const other = await enrolled(server, rest, 'lamp-2');
  assert.equal((await rest.device('lamp')).connected, true);
  assert.equal((await rest.device('lamp-2')).connected, true);
  await twin.disconnect();
  await other.wire.disconnect();

  const asleep = await Wire.tcp(server.ports.mqtt);
  await asleep.connect({ clientId: 'lamp', username: 'lamp', password: secret, keepalive: 1 });
  await asleep.closed;
  await logged(server, 'silent-log');
  const awake = await Wire.tcp(server.ports.mqtt);
  await awake.connect({ clientId: 'lamp', username: 'lamp', password: secret, keepalive: 60 });
  await until('it is there', async () => (await rest.device('lamp')).connected);
});
