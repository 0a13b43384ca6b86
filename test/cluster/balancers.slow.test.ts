import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { connectAsync } from 'mqtt';
import { openCertificateStore } from '../../certs/store.ts';
import { BALANCERS, type Balancer, type StartBalancer } from '../helpers/balancers.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { freePort } from '../helpers/free-port.ts';
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
  const node = async (name: string) => {
    const ports = { HTTPS_PORT: String(await freePort()), MQTTS_PORT: String(await freePort()) };
    const env = { ...ports, TRUSTED_PROXIES: '127.0.0.1', PUBLIC_HOST: NAME, DRAIN_TIME: '1s' };
    const server = await cluster.addNode(name, env);
    await server.start();
    return server;
  };
  const one = await node('one');
  const two = await node('two');
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

/** Each node has a certificate of its own. */
const nodeOf = (socket: TLSSocket) => socket.getPeerCertificate().serialNumber;

/** One request on a TLS connection of its own. */
async function request(server: Server, balancer: Balancer, port: number, lines: string[], body = '') {
  const ca = port === balancer.web ? balancer.ca : server.ca;
  const socket = connectTcp({ port, host: '127.0.0.1', localAddress: CLIENT });
  await once(socket, 'connect');
  const secure = connectTls({ socket, servername: port === balancer.web ? NAME : 'localhost', ca });
  await once(secure, 'secureConnect');
  secure.write(`${lines.join('\r\n')}\r\nHost: ${NAME}\r\nConnection: close\r\n\r\n${body}`);
  let text = '';
  secure.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(secure, 'close');
  assert.notEqual(text, '', 'closed without an answer');
  return { status: Number(text.split(' ', 2)[1]), text };
}

async function post(server: Server, balancer: Balancer, port: number, username: string, password: string) {
  const body = JSON.stringify({ username, password });
  const lines = [
    'POST /api/auth/login HTTP/1.1',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'X-Forwarded-For: 203.0.113.1',
  ];
  return (await request(server, balancer, port, lines, body)).status;
}

const seenAt = (rest: Rest, actor: string, kind: string) =>
  until(`an event tells of ${actor}`, async () => {
    const { body } = await rest.get<{
      events: { kind: string; actor: string; detail: { address?: string } }[];
    }>('/api/events');
    return body.events.find((event) => event.actor === actor && event.kind === kind)?.detail.address;
  });

for (const { name, missing, start, checks } of BALANCERS) {
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

    const open = () => secured(one, balancer.mqtts);

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
      const held = await Promise.all(Array.from({ length: 8 }, open));
      assert.equal(new Set(held.map(nodeOf)).size, 2);
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

    await t.test(
      'a node that is started again gets its part, and one that is drained refuses nobody',
      async () => {
        await one.start();
        const back = nodeOf(await secured(one, one.ports.mqtts));
        await until('it gets connections', async () => {
          const socket = await open();
          const taker = nodeOf(socket);
          socket.destroy();
          return taker === back;
        });
        for (const port of [balancer.https, balancer.web]) {
          await until('it gets requests', async () => {
            const { text } = await request(one, balancer, port, ['GET /api/health HTTP/1.1']);
            return text.includes('"nodes":[{"name":"one"');
          });
        }
        const held = await Promise.all(Array.from({ length: 8 }, open));
        process.kill(two.pid, 'SIGUSR2');
        let cut = 0;
        const again = async <T>(attempt: () => Promise<T>) =>
          attempt().catch(() => {
            cut++;
            return attempt();
          });
        while (two.alive) {
          for (const port of [balancer.https, balancer.web]) {
            const logIn = () => post(one, balancer, port, ADMIN.username, ADMIN.password);
            assert.equal(await again(logIn), 200);
          }
          (await again(open)).destroy();
        }
        // Without health checks it is the end of the listener that tells: who is at it just then comes again.
        assert.ok(cut <= (checks ? 0 : 2), `${cut} were cut`);
        assert.equal(await two.stop(), 0, two.report());
        for (const socket of held) socket.destroy();
      },
    );
  });
}
