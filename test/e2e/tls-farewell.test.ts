import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { connectAsync } from 'mqtt';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';

/** A record of TLS 1.3 that holds an alert and nothing else: two bytes, their type, and the tag. */
const ALERT = [0x17, 0x03, 0x03, 0x00, 0x13];

// libmosquitto takes an end without it for an attack, and does not connect again.
test('a node that stops says so within TLS before it closes a connection of MQTT', async (t) => {
  const { server } = await startServer(t);
  let last = Buffer.alloc(0);
  const relay = createServer((client) => {
    const target = connect(server.ports.mqtts, '127.0.0.1');
    target.on('data', (chunk) => {
      last = Buffer.concat([last, chunk]).subarray(-24);
    });
    client.pipe(target).pipe(client);
    for (const socket of [client, target]) socket.on('error', () => {});
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => relay.close());
  const client = await connectAsync({
    protocol: 'mqtts',
    host: 'localhost',
    port: (relay.address() as AddressInfo).port,
    ca: server.ca,
    ...ADMIN,
    reconnectPeriod: 0,
  });
  const closed = new Promise<void>((resolve) => void client.once('close', () => resolve()));
  const stopped = server.stop();
  await closed;
  assert.deepEqual([...last.subarray(0, 5)], ALERT);
  await stopped;
});
