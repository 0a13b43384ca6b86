import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { connectAsync } from 'mqtt';
import { openCertificateStore } from '../../certs/store.ts';
import { enrolled, reading, register } from '../helpers/devices.ts';
import type { Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

/** Issues a certificate; gives the way to log in with it, to the CONNACK. */
async function certified(server: Server, id: string) {
  const { keyPem, certPem } = await openCertificateStore({ dir: join(server.dataDir, 'certs') }).issueDevice(
    id,
  );
  return async () => {
    const options = { port: server.ports.mqtts, host: '127.0.0.1', servername: 'localhost', ca: server.ca };
    const socket = connect({ ...options, key: keyPem, cert: certPem });
    await once(socket, 'secureConnect');
    const wire = new Wire(socket);
    const { returnCode } = await wire.connect({ clientId: id, username: id });
    return { wire, returnCode };
  };
}

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

void test('who has a certificate alone is not to be taken over with a token', async (t) => {
  const { server, rest } = await startServer(t);
  const token = await rest.enroll({ max_uses: 10 });
  const withToken = async () => {
    const wire = await Wire.tcp(server.ports.mqtt);
    t.after(() => wire.drop());
    return (await wire.connect({ clientId: 'lamp', username: 'lamp', password: token })).returnCode;
  };
  const logIn = await certified(server, 'lamp');
  const { wire, returnCode } = await logIn();
  assert.equal(returnCode, 0);
  assert.equal((await register(wire, 'lamp')).status, 'registered');
  assert.equal(await withToken(), 5);
  await server.restartWith({ DEVICE_ENROLLMENT: 'open' });
  const stranger = await Wire.tcp(server.ports.mqtt);
  t.after(() => stranger.drop());
  assert.equal((await stranger.connect({ clientId: 'lamp' })).returnCode, 4);
  const { wire: own, returnCode: again } = await logIn();
  assert.equal(again, 0);
  await own.drop();
});

void test('a certificate ends with its device, whoever takes the id afterwards', async (t) => {
  const { server, rest } = await startServer(t);
  const logIn = await certified(server, 'lamp');
  const { wire } = await logIn();
  await register(wire, 'lamp');
  await rest.expect(204, 'DELETE', '/api/devices/lamp');
  await wire.closed;
  assert.equal((await logIn()).returnCode, 5, 'it does not make the device anew');
  await (await enrolled(server, rest, 'lamp')).wire.disconnect();
  assert.equal((await logIn()).returnCode, 5, 'nor is it the new one');

  const fresh = await certified(server, 'lamp');
  const { wire: replaced, returnCode } = await fresh();
  assert.equal(returnCode, 0);
  await rest.expect(200, 'POST', '/api/devices/lamp/reenroll');
  const replacement = await Wire.tcp(server.ports.mqtt);
  t.after(() => replacement.drop());
  const password = await rest.enroll({ max_uses: 1 });
  await replacement.connect({ clientId: 'lamp', username: 'lamp', password });
  await replaced.closed;
  await register(replacement, 'lamp');
  assert.equal((await fresh()).returnCode, 5, 'what the lost one had does not open it');
});
