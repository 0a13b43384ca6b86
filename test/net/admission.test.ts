import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { Admission } from '../../net/admission.ts';

const ENDS = { remoteAddress: '192.0.2.7', remotePort: 40_000, localAddress: '192.0.2.1', localPort: 3000 };

function start() {
  const registry = new Registry();
  const limits = { connections: 100, connectionsPerAddress: 100, halfOpenPerAddress: 2 };
  const admission = new Admission({ limits, watch: { reached: () => {} }, registry });
  const server = new EventEmitter() as Server;
  let admitted = 0;
  server.on('connection', () => admitted++);
  admission.guard(server);
  const connect = (ends: Partial<typeof ENDS> = {}) => {
    const socket = Object.assign(new EventEmitter(), ENDS, ends, { destroy: () => {} }) as unknown as Socket;
    server.emit('connection', socket);
    return socket;
  };
  const gauge = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  return {
    admission,
    connect,
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
