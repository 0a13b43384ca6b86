import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { createWebSocketListener } from '../../broker/websocket.ts';

void test('a refused socket whose answer cannot be written is ended all the same', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const limits = { packetBytes: 1000, packetsPerSecond: 10 };
  const server = new EventEmitter() as Server;
  createWebSocketListener(() => null, { limits, corsOrigins: [] }).attach(server);
  // Nobody reads: no write of it comes to an end.
  const socket = new Duplex({ read() {}, write() {} });
  server.emit('upgrade', { url: '/nope', headers: {} }, socket, Buffer.alloc(0));
  t.mock.timers.tick(1000);
  assert.ok(!socket.destroyed);
  t.mock.timers.tick(2000);
  assert.ok(socket.destroyed);
});
