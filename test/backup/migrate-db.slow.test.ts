import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { floodOf, runCommand, storedSeqs } from '../helpers/backup.ts';
import { missing } from '../helpers/database.ts';
import { connected, enrolled } from '../helpers/devices.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';
import { until } from '../helpers/wait.ts';

void test('from the embedded database to a server and back, every row the same, and the sources as they were', {
  skip: missing('postgres'),
}, async (t) => {
  const postgres = await startPostgres();
  const server = new Server();
  t.after(async () => {
    await server.dispose();
    await postgres.dispose();
  });
  const { password } = new URL(postgres.url);
  const bare = new URL(postgres.url);
  bare.password = '';
  const env = { DATA_DIR: server.dataDir, PGPASSWORD: password };

  await server.start();
  const rest = await new Rest(server).logIn();
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  const flood = floodOf(wire, 'lamp');
  await until('there are readings', () => flood.acknowledged.size > 1000);
  await flood.stop();
  const running = await runCommand('migrate-db', ['--to', bare.href], env);
  assert.equal(running.code, 1);
  assert.match(running.stderr, /is in use by process \d+: stop that one first/);
  await server.stop();

  const seen = await runCommand('migrate-db', ['--to', postgres.url], env);
  assert.equal(seen.code, 64);
  assert.ok(!seen.stderr.includes(password));
  const to = await runCommand('migrate-db', ['--to', bare.href], env);
  assert.equal(to.code, 0, to.stderr);
  assert.match(to.stdout, /readings +\d+ rows/);
  assert.match(to.stdout, /Now set DATABASE_URL/);
  const twice = await runCommand('migrate-db', ['--to', bare.href], env);
  assert.match(twice.stderr, /is not empty/);

  // On the server, with the same folder: secrets and certificates are in it.
  const moved = { DATABASE_URL: postgres.url };
  await server.restartWith(moved);
  await connected(server, 'lamp', secret);
  const onServer = await storedSeqs(await new Rest(server).logIn(), 'lamp');
  assert.deepEqual(
    [...flood.acknowledged].filter((seq) => !onServer.has(seq)),
    [],
  );
  const inUse = await runCommand('migrate-db', ['--to', 'embedded', '--replace'], { ...env, ...moved });
  assert.equal(inUse.code, 1);
  await server.stop();

  const back = { ...env, ...moved };
  const refused = await runCommand('migrate-db', ['--to', 'embedded'], back);
  assert.match(refused.stderr, /there is an embedded database in .* already/);
  const home = await runCommand('migrate-db', ['--to', 'embedded', '--replace'], back);
  assert.equal(home.code, 0, home.stderr);
  assert.ok(existsSync(join(server.dataDir, 'before-restore-1', 'db')));
  await server.restartWith({ DATABASE_URL: '' });
  await connected(server, 'lamp', secret);
  const embedded = await storedSeqs(await new Rest(server).logIn(), 'lamp');
  assert.deepEqual(embedded, onServer);
});
