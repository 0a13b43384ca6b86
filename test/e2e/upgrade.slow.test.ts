import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ADMIN } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';

const H2C = {
  Connection: 'Upgrade, HTTP2-Settings',
  Upgrade: 'h2c',
  'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
};

/** As curl with `--http2` and Java's HttpClient do on a plain connection. */
void test('a request that offers HTTP/2 is answered in HTTP/1.1, on a connection that goes on', async (t) => {
  const { server } = await startServer(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const call = async (method: string, path: string, body = '') => {
    const headers = { ...H2C, 'Content-Type': 'application/json' };
    const asked = request({ port: server.ports.http, host: '127.0.0.1', method, path, headers, agent });
    asked.end(body);
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response), reused: asked.reusedSocket };
  };
  const login = await call('POST', '/api/auth/login', JSON.stringify(ADMIN));
  assert.equal(login.status, 200);
  assert.match(login.body, /"token"/);
  const health = await call('GET', '/api/health');
  assert.equal(health.status, 200);
  assert.ok(health.reused);
});
