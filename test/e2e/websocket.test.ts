import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { generate, type Packet } from 'mqtt-packet';
import { fragment, fragmented, frame, PING, PONG, readUntil, repeated, upgrade } from '../helpers/frames.ts';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { until } from '../helpers/wait.ts';

const CONNACK = '\x20\x02\x00\x00';
const PINGRESP = '\xd0\x00';
const PACKETS_PER_SECOND = 100;
const FRAMES_PER_SECOND = 8 * PACKETS_PER_SECOND;

const NOTHING = Buffer.alloc(0);
const hello = (clientId: string): Buffer =>
  generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive: 60,
    username: ADMIN.username,
    password: Buffer.from(ADMIN.password),
  });
const pingreq = generate({ cmd: 'pingreq' } as Packet);
const publish = (messageId: number, size: number) =>
  generate({
    cmd: 'publish',
    topic: 'home/x',
    payload: Buffer.alloc(size, 'x'),
    qos: 1,
    messageId,
    retain: false,
    dup: false,
  });

void test('MQTT over WebSocket', async (t) => {
  const { server, rest } = await startServer(t, { MAX_PACKETS_PER_SECOND: String(PACKETS_PER_SECOND) });
  const { http } = server.ports;
  const metric = async (name: string) => {
    const { body } = await rest.get<string>('/api/metrics');
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(body)?.[1] ?? 0);
  };
  const reached = (limit: string) =>
    metric(`pm_iot_limits_reached_total{limit="${limit}"}`.replace('{', '\\{'));
  const sent = async (bytes: Buffer): Promise<Socket> => {
    const { socket } = await upgrade(http);
    socket.write(bytes);
    return socket;
  };
  const closed = async (socket: Socket) => {
    socket.resume();
    if (!socket.closed) await once(socket, 'end');
    socket.destroy();
  };
  const loggedIn = async (clientId: string): Promise<Socket> => {
    const socket = await sent(frame(hello(clientId)));
    await readUntil(socket, CONNACK);
    return socket;
  };

  await t.test('a refused upgrade leaves no connection behind, whatever the client does then', async () => {
    const before = await metric('pm_iot_connections');
    const refusals = [
      { path: '/nope' },
      { protocols: 'chat' },
      { headers: ['Origin: http://elsewhere.example'] },
      { headers: ['Sec-WebSocket-Extensions: x', 'Sec-WebSocket-Key: short'] },
    ];
    for (const refusal of refusals) {
      const { socket, head } = await upgrade(http, refusal);
      assert.match(head, /^HTTP\/1.1 4/);
      socket.write('x');
    }
    await until('all are closed', async () => (await metric('pm_iot_connections')) <= before);
    assert.equal(await metric('pm_iot_connections_half_open'), 0);
  });

  await t.test(
    'a path with a query or a slash is served, and the subprotocol chosen from what is offered',
    async () => {
      for (const path of ['/mqtt?x=1', '/mqtt/', '/mqtt/?x=/']) {
        const { socket, head } = await upgrade(http, { path, protocols: 'mqttv3.1, mqtt' });
        assert.match(head, /^HTTP\/1.1 101/, path);
        assert.match(head, /^Sec-WebSocket-Protocol: mqtt\r$/m, path);
        socket.destroy();
      }
      const { head } = await upgrade(http, { path: '/mqtt/x' });
      assert.match(head, /^HTTP\/1.1 404/);
    },
  );

  await t.test('a library speaks it, over TLS too: packets as large as they may be, both ways', async () => {
    const tls = { ca: server.ca, servername: 'localhost' };
    for (const url of [`ws://127.0.0.1:${http}/mqtt`, `wss://127.0.0.1:${server.ports.https}/mqtt`]) {
      const client = await connectAsync(url, { ...ADMIN, clientId: 'library', ...tls });
      await client.subscribeAsync('home/large');
      const message = new Promise<Buffer>((resolve) => {
        client.once('message', (_topic, payload) => resolve(payload));
      });
      const large = Buffer.alloc(255 * 1024, 'x');
      await client.publishAsync('home/large', large, { qos: 1 });
      assert.ok((await message).equals(large), url);
      await client.endAsync();
    }
  });

  await t.test('frames may split a packet, and fragments a frame', async () => {
    const greeting = hello('split');
    const bytes = Array.from(greeting, (byte) => frame(Buffer.from([byte])));
    const one = await sent(Buffer.concat(bytes));
    assert.ok((await readUntil(one, CONNACK)).includes(CONNACK));
    one.destroy();
    const other = await sent(fragmented(greeting, 20));
    assert.ok((await readUntil(other, CONNACK)).includes(CONNACK));
    other.destroy();
  });

  await t.test('what is sent along with the CONNECT waits for the log-in', async () => {
    const packets = Array.from({ length: 60 }, (_, i) => frame(publish(i + 1, 4000)));
    const tiny = Array.from({ length: 300 }, () => frame(NOTHING));
    const socket = await sent(Buffer.concat([frame(hello('early')), ...packets, ...tiny, frame(pingreq)]));
    assert.ok((await readUntil(socket, PINGRESP)).includes(PINGRESP));
    socket.destroy();
  });

  await t.test('before the log-in, frames that carry nothing end the connection', async () => {
    const floods = {
      'empty frames': repeated(frame(NOTHING), 600),
      pings: repeated(frame(NOTHING, PING), 50),
      'pongs within a message': Buffer.concat([fragment(false), repeated(frame(NOTHING, PONG), 50)]),
      fragments: Buffer.concat([fragment(false), repeated(fragment(true), 40)]),
    };
    for (const [name, flood] of Object.entries(floods)) {
      const before = await reached('packets_per_second');
      await closed(await sent(flood));
      assert.equal(await reached('packets_per_second'), before + 1, name);
    }
    await until('it is told as an event', async () => {
      const { body } = await rest.get<unknown>('/api/events?limit=200');
      return /"actor":"127\.0\.0\.1"[^}]*"limit":"packets_per_second"/.test(JSON.stringify(body));
    });
  });

  await t.test(
    'before the log-in, a message that is too long for a CONNECT ends the connection',
    async () => {
      const before = await reached('packet_bytes');
      // Without its end: it is not complete.
      await closed(await sent(frame(Buffer.alloc(200 * 1024)).subarray(0, 110 * 1024)));
      assert.equal(await reached('packet_bytes'), before + 1);
    },
  );

  await t.test('frames that carry nothing are read at a pace', async () => {
    // Two seconds' worth beyond what may come at once: much longer than what is read at a time.
    const floods = {
      'empty frames': repeated(frame(NOTHING), 3 * FRAMES_PER_SECOND),
      pongs: repeated(frame(Buffer.alloc(50), PONG), 3 * PACKETS_PER_SECOND),
    };
    for (const [name, flood] of Object.entries(floods)) {
      const before = await reached('packets_per_second');
      const socket = await loggedIn('flood');
      const began = performance.now();
      socket.write(Buffer.concat([flood, frame(pingreq)]));
      assert.ok((await readUntil(socket, PINGRESP)).includes(PINGRESP), name);
      assert.ok(performance.now() - began > 1000, name);
      assert.ok((await reached('packets_per_second')) > before, name);
      socket.destroy();
    }
  });

  await t.test(
    'a message in too many fragments, or too long, ends a connection that has logged in',
    async () => {
      const pieces = await loggedIn('pieces');
      const before = await reached('packets_per_second');
      pieces.write(Buffer.concat([fragment(false), repeated(fragment(true), 40)]));
      await closed(pieces);
      assert.equal(await reached('packets_per_second'), before + 1);
      const long = await loggedIn('long');
      const beforeLong = await reached('packet_bytes');
      long.write(frame(Buffer.alloc(400 * 1024)).subarray(0, 20));
      await closed(long);
      assert.equal(await reached('packet_bytes'), beforeLong + 1);
    },
  );

  await t.test('the process lives, no connection is left, and it stops with one that is open', async () => {
    await until('all are closed', async () => (await metric('pm_iot_connections_half_open')) === 0);
    assert.ok(server.alive);
    await loggedIn('to the end');
    assert.equal(await server.stop(), 0);
    assert.deepEqual(
      server.lines.filter(({ level }) => level === 'error' || level === 'fatal'),
      [],
    );
  });
});
