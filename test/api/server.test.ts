import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { createHttpServer } from '../../api/server.ts';

void test('nothing is put into the middle of an answer that has begun', async (t) => {
  const endless = () =>
    new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Buffer.from('first part')) });
  const server = createHttpServer({ fetch: () => new Response(endless()) });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    if (text.includes('first part')) socket.write('\u0001 no request\r\n\r\n');
  });
  socket.write('GET / HTTP/1.1\r\nHost: box\r\n\r\n');
  await once(socket, 'close');
  assert.match(text, /first part/);
  assert.doesNotMatch(text, /400/);
});
