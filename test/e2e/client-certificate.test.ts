import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { connectAsync } from 'mqtt';
import { openCertificateStore } from '../../certs/store.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

void test('a client certificate of our CA logs its device in without a password, and no other', async (t) => {
  const { server, rest } = await startServer(t);
  for (const id of ['certified', 'other']) (await enrolled(server, rest, id)).wire.socket.destroy();
  const certificates = openCertificateStore({ dir: join(server.dataDir, 'certs') });
  const { keyPem, certPem } = await certificates.issueDevice('certified');
  const open = async () => {
    const options = { port: server.ports.mqtts, host: '127.0.0.1', servername: 'localhost', ca: server.ca };
    const socket = connect({ ...options, key: keyPem, cert: certPem });
    await once(socket, 'secureConnect');
    return new Wire(socket);
  };
  const device = await open();
  assert.equal((await device.connect({ clientId: 'certified', username: 'certified' })).returnCode, 0);
  await device.publish('devices/certified/sensor', reading('by certificate'));
  assert.equal((await rest.widget('certified', 'temperature')).value, 'by certificate');
  const thief = await open();
  assert.equal((await thief.connect({ clientId: 'other', username: 'other' })).returnCode, 4);
  await rest.expect(200, 'POST', '/api/devices/certified/revoke');
  await device.closed;
  const revoked = await open();
  assert.equal((await revoked.connect({ clientId: 'certified', username: 'certified' })).returnCode, 5);

  await t.test('over a secure WebSocket as well', async () => {
    const overWebSocket = async (id: string, files: object = {}) => {
      const options = { clientId: id, username: id, protocolVersion: 4, reconnectPeriod: 0 } as const;
      const url = `wss://localhost:${server.ports.https}/mqtt`;
      try {
        const client = await connectAsync(url, { ...options, ca: server.ca, ...files }, false);
        await client.endAsync(true);
        return 0;
      } catch (error) {
        return (error as { code: number }).code;
      }
    };
    const other = await certificates.issueDevice('other');
    const files = { key: other.keyPem, cert: other.certPem };
    assert.equal(await overWebSocket('other', files), 0);
    assert.equal(await overWebSocket('certified', files), 4);
    assert.equal(await overWebSocket('other'), 4);
    await certificates.beginRotation();
    const next = await certificates.issueDevice('other');
    await until('one of the next CA logs in too', async () => {
      return (await overWebSocket('other', { key: next.keyPem, cert: next.certPem })) === 0;
    });
  });
});
