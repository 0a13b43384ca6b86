import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { connectAsync } from 'mqtt';
import { openCertificateStore } from '../../certs/store.ts';
import { BALANCERS, type Balancer, type StartBalancer } from '../helpers/balancers.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { clusterMissing, openCluster } from '../helpers/nodes.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN, type Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';
import { Wire } from '../helpers/wire.ts';

/** Of loopback: the client's, told apart from the balancer's. */
const CLIENT = '127.0.0.5';
const NAME = 'iot.example.org';

async function setUp(t: TestContext, start: StartBalancer) {
  const cluster = await openCluster(t);
  const env = { HTTPS_PORT: '0', MQTTS_PORT: '0', TRUSTED_PROXIES: '127.0.0.1', PUBLIC_HOST: NAME };
  const one = await cluster.addNode('one', env);
  await one.start();
  const two = await cluster.addNode('two', env);
  await two.start();
  const rest = await new Rest(one).logIn();
  const balancer = await start(t, [one, two], NAME);
  return { one, two, rest, balancer };
}

/** A TLS connection from CLIENT through the balancer. */
async function secured(server: Server, port: number, more: { key?: string; cert?: string } = {}) {
  const socket = connectTcp({ port, host: '127.0.0.1', localAddress: CLIENT });
  socket.on('error', () => {});
  await once(socket, 'connect');
  const secure = connectTls({ socket, servername: 'localhost', ca: server.ca, ...more });
  secure.on('error', () => {});
  await new Promise((resolve, reject) => {
    secure.once('secureConnect', resolve).once('close', () => reject(new Error('closed')));
  });
  return secure;
}

/** One request on a TLS connection of its own; gives the status. */
async function post(server: Server, balancer: Balancer, port: number, username: string, password: string) {
  const ca = port === balancer.web ? balancer.ca : server.ca;
  const socket = connectTcp({ port, host: '127.0.0.1', localAddress: CLIENT });
  await once(socket, 'connect');
  const secure = connectTls({ socket, servername: port === balancer.web ? NAME : 'localhost', ca });
  await once(secure, 'secureConnect');
  const body = JSON.stringify({ username, password });
  secure.write(
    `POST /api/auth/login HTTP/1.1\r\nHost: ${NAME}\r\nContent-Type: application/json\r\n` +
      `X-Forwarded-For: 203.0.113.1\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  let text = '';
  secure.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(secure, 'close');
  return Number(text.split(' ', 2)[1]);
}

const seenAt = (rest: Rest, actor: string, kind: string) =>
  until(`an event tells of ${actor}`, async () => {
    const { body } = await rest.get<{
      events: { kind: string; actor: string; detail: { address?: string } }[];
    }>('/api/events');
    return body.events.find((event) => event.actor === actor && event.kind === kind)?.detail.address;
  });

for (const { name, missing, start } of BALANCERS) {
  const skip = clusterMissing() || missing();
  void test(`two nodes behind ${name}, with the example of the docs`, { skip }, async (t) => {
    const { one, two, rest, balancer } = await setUp(t, start);
    const openDevice = async (id: string) => {
      const store = openCertificateStore({ dir: `${one.dataDir}/certs` });
      const { keyPem, certPem } = await store.issueDevice(id);
      const wire = new Wire(await secured(one, balancer.mqtts, { key: keyPem, cert: certPem }));
      const { returnCode } = await wire.connect({ clientId: id, username: id });
      assert.equal(returnCode, 0);
      return wire;
    };

    await t.test('a device with a certificate of its own stores a reading', async () => {
      (await enrolled(one, rest, 'lamp')).wire.socket.destroy();
      const wire = await openDevice('lamp');
      await wire.publish('devices/lamp/sensor', reading('through the balancer'));
      await until('it is stored', async () => {
        return (await rest.widget('lamp', 'temperature')).value === 'through the balancer';
      });
      await wire.drop();
    });

    await t.test('the nodes see the address of the client', async () => {
      const wire = new Wire(await secured(one, balancer.mqtts));
      const { returnCode } = await wire.connect({
        clientId: 'no one',
        username: 'mqtt',
        password: 'a guess',
      });
      assert.equal(returnCode, 4);
      assert.equal(await seenAt(rest, 'mqtt', 'login_failed'), CLIENT);
      for (const door of ['https', 'web'] as const) {
        assert.equal(await post(one, balancer, balancer[door], door, 'a guess'), 401);
        assert.equal(await seenAt(rest, door, 'login_failed'), CLIENT, door);
        assert.equal(await post(one, balancer, balancer[door], ADMIN.username, ADMIN.password), 200);
      }
    });

    await t.test('MQTT over WebSocket goes through both doors', async () => {
      const login = { username: ADMIN.username, password: ADMIN.password, protocolVersion: 4 } as const;
      const { https, web, ca } = balancer;
      for (const [port, servername, authority] of [
        [https, 'localhost', one.ca],
        [web, NAME, ca],
      ] as const) {
        const url = `wss://127.0.0.1:${port}/mqtt`;
        const wsOptions = { servername, ca: authority, localAddress: CLIENT };
        const client = await connectAsync(url, { ...login, wsOptions, reconnectPeriod: 0 }, false);
        await client.endAsync();
      }
      assert.equal(await seenAt(rest, ADMIN.username, 'mqtt_login'), CLIENT);
    });

    await t.test('connections are spread, and go to the other node when one is stopped', async () => {
      const open = () => secured(two, balancer.mqtts);
      const held = await Promise.all(Array.from({ length: 8 }, open));
      const ended = Promise.race(held.map((socket) => once(socket, 'close')));
      await one.stop();
      await ended;
      assert.ok(
        held.some((socket) => !socket.closed),
        'the other half stays',
      );
      for (let i = 0; i < 6; i++) {
        assert.equal(await post(two, balancer, balancer.https, ADMIN.username, ADMIN.password), 200);
        assert.equal(await post(two, balancer, balancer.web, ADMIN.username, ADMIN.password), 200);
        (await open()).destroy();
      }
      for (const socket of held) socket.destroy();
    });
  });
}
