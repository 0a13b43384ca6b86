import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { Admission } from '../../net/admission.ts';
import { createClientAddresses } from '../../net/client-addresses.ts';
import { silent } from '../helpers/database.ts';

const ENDS = { remoteAddress: '192.0.2.7', remotePort: 40_000, localAddress: '192.0.2.1', localPort: 3000 };

function start() {
  const registry = new Registry();
  const limits = { connections: 100, connectionsPerAddress: 100, halfOpenPerAddress: 2 };
  const clients = createClientAddresses({ trusted: null, log: silent });
  const watch = { reached: () => {} };
  const admission = new Admission({ limits, clients, elsewhere: null, watch, registry });
  const server = new EventEmitter() as Server;
  let admitted = 0;
  const begun: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    admitted++;
    begun.push(socket);
  });
  admission.guard(server);
  const connect = (ends: Partial<typeof ENDS> = {}) => {
    const handle = {
      reading: true,
      readStop: () => (handle.reading = false),
      readStart: () => (handle.reading = true),
    };
    const rest = { destroy: () => {}, destroyed: false, _handle: handle };
    const socket = Object.assign(new EventEmitter(), ENDS, ends, rest) as unknown as Socket;
    server.emit('connection', socket);
    return socket;
  };
  const gauge = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  return {
    admission,
    connect,
    begun,
    admitted: () => admitted,
    halfOpen: () => gauge('pm_iot_connections_half_open'),
  };
}

void test('one port of a client may be used towards two addresses of this machine', async () => {
  const { admission, connect, halfOpen } = start();
  const one = connect();
  const other = connect({ localAddress: '192.0.2.2' });
  assert.equal(await halfOpen(), 2);
  admission.established(one);
  assert.equal(await halfOpen(), 1);
  other.emit('close');
  assert.equal(await halfOpen(), 0);
});

void test('a client that comes again from the same port before its last connection is gone is counted right', async () => {
  const { admission, connect, admitted, halfOpen } = start();
  for (let i = 0; i < 5; i++) {
    const old = connect();
    const now = connect();
    old.emit('close');
    assert.equal(await halfOpen(), 1);
    admission.established(now);
    assert.equal(await halfOpen(), 0);
    now.emit('close');
  }
  assert.equal(admitted(), 10);
});

void test('of one address only so many strangers are dealt with at a time, and the others wait their turn unread', async () => {
  const { admission, connect, begun, halfOpen } = start();
  const isRead = (socket: Socket) => (socket as unknown as { _handle: { reading: boolean } })._handle.reading;
  const [one, two, three, gone, five] = [1, 2, 3, 4, 5].map((remotePort) => connect({ remotePort }));
  assert.ok(one && two && three && gone && five);
  const elsewhere = connect({ remoteAddress: '192.0.2.8' });
  assert.deepEqual(begun, [one, two, elsewhere]);
  assert.equal(await halfOpen(), 3);
  assert.equal(isRead(three), false);

  admission.established(two);
  assert.deepEqual(begun.slice(3), [three], 'the one that has waited longest');
  assert.equal(isRead(three), true);
  gone.emit('close');
  one.emit('close');
  assert.deepEqual(begun.slice(4), [five], 'whoever has gone meanwhile is passed over');
  for (const socket of [two, three, five, elsewhere]) socket.emit('close');
  assert.equal(await halfOpen(), 0);
});
