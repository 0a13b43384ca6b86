import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { enrolled } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

void test('a crowd behind one address waits its turn at every door, and none of it is sent away', async (t) => {
  const { server, rest } = await startServer(t, { MAX_HALF_OPEN_PER_ADDRESS: '2' });
  const { mqtt, mqtts, http } = server.ports;
  const gauge = async (name: string) => {
    const { body } = await rest.get<string>('/api/metrics');
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1]);
  };
  const { wire: known, secret } = await enrolled(server, rest, 'lamp');
  await known.disconnect();
  const silent = [connect(mqtt, '127.0.0.1'), connect(mqtt, '127.0.0.1')];
  for (const socket of silent) t.after(() => socket.destroy());
  await until('both are dealt with', async () => (await gauge('pm_iot_connections_half_open')) === 2);
  const open = await gauge('pm_iot_connections');

  let answered = 0;
  const count = <T>(answer: T): T => {
    answered++;
    return answer;
  };
  const logIn = async (wire: Wire, clientId: string) => {
    t.after(() => wire.drop());
    const { returnCode } = await wire.connect({ clientId, username: 'lamp', password: secret });
    return count(returnCode);
  };
  const overTls = Wire.tls(mqtts, server.ca).then((wire) => logIn(wire, 'lamp'));
  const plain = Wire.tcp(mqtt).then((wire) => logIn(wire, 'other'));
  const request = connect(http, '127.0.0.1');
  request.write('GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const page = text(request).then(count);
  await until('three more wait', async () => (await gauge('pm_iot_connections')) === open + 3);
  assert.equal(await gauge('pm_iot_connections_half_open'), 2);
  assert.equal(answered, 0);

  for (const socket of silent) socket.destroy();
  await Promise.all(silent.map((socket) => once(socket, 'close')));
  assert.equal(await overTls, 0);
  assert.equal(await plain, 4, 'a secret does not count under another client id');
  assert.match(await page, /^HTTP\/1\.1 200 /);
});
