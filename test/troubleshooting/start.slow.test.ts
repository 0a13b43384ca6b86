import assert from 'node:assert/strict';
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Server, type ServerOptions } from '../helpers/server.ts';
import { assertSeen } from './page.ts';

function serverOf(t: TestContext, options: ServerOptions = {}): Server {
  const server = new Server(options);
  t.after(() => server.dispose());
  return server;
}

/** Does not start, says what the page shows, and with this code. */
async function refuses(server: Server, name: string, expected: number): Promise<void> {
  const { code, stderr, stdout } = await server.runToEnd();
  assertSeen(name, stderr + stdout);
  assert.equal(code, expected, stderr + stdout);
}

async function starts(server: Server): Promise<void> {
  await server.start();
  await server.stop();
}

void test('a setting that is wrong, and a port that is taken', async (t) => {
  await refuses(serverOf(t, { env: { HTTP_PORT: 'eighty' } }), 'configuration', 78);
  const other = createServer().listen(0);
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const server = serverOf(t, { env: { MQTTS_PORT: String(port) } });
  await refuses(server, 'port-taken', 1);
  other.close();
  await starts(server);
});

void test('a folder that another process has, or that may not be written', async (t) => {
  const server = serverOf(t);
  await server.start();
  const second = serverOf(t, { env: { DATA_DIR: server.dataDir } });
  await refuses(second, 'folder-in-use', 1);
  await server.stop();
  const file = join(server.dataDir, 'a-file');
  writeFileSync(file, '');
  await refuses(serverOf(t, { env: { DATA_DIR: join(file, 'data') } }), 'folder-unusable', 78);
});

void test('damaged files: what the line says mends it', async (t) => {
  const server = serverOf(t);
  await starts(server);
  const secret = join(server.dataDir, 'jwt.secret');
  writeFileSync(secret, 'cut');
  await refuses(server, 'damaged-secret', 1);
  rmSync(secret);
  await starts(server);
  const key = join(server.dataDir, 'certs', 'ca.key');
  const backup = `${key}.backup`;
  renameSync(key, backup);
  await refuses(server, 'damaged-ca', 1);
  renameSync(backup, key);
  const before = server.ca;
  await starts(server);
  assert.equal(server.ca, before);
  assert.ok(readFileSync(key, 'utf8').length > 0);
  chmodSync(key, 0o600);
});
