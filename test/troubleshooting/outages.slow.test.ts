import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import postgres from 'postgres';
import { runBeside } from '../helpers/command.ts';
import { connected, enrolled, reading } from '../helpers/devices.ts';
import { postgresMissing, startPostgres } from '../helpers/postgres.ts';
import { redisMissing, startRedis } from '../helpers/redis.ts';
import { Rest } from '../helpers/rest.ts';
import { ADMIN, Server } from '../helpers/server.ts';
import { startServer } from '../helpers/setup.ts';
import { MIB, SmallDisk, smallDiskMissing } from '../helpers/small-disk.ts';
import { until } from '../helpers/wait.ts';
import { assertSeen, logged } from './page.ts';

const database = async (t: TestContext) => {
  const server = await startPostgres();
  t.after(() => server.dispose());
  return server;
};
const nodeOf = (t: TestContext, databaseUrl: string, env: Record<string, string> = {}) => {
  const server = new Server({ databaseUrl, env });
  t.after(() => server.dispose());
  return server;
};

void test('a database of a newer version, another node, and none at all', {
  skip: postgresMissing(),
}, async (t) => {
  const pg = await database(t);
  const server = nodeOf(t, pg.url);
  await server.start();

  await t.test('another node', async () => {
    const other = nodeOf(t, pg.url);
    const { code, stdout } = await other.runToEnd();
    assertSeen('other-node', stdout);
    assert.equal(code, 1);
  });

  await t.test('it goes while the server runs', async () => {
    const rest = await new Rest(server).logIn();
    const { wire } = await enrolled(server, rest, 'lamp');
    await pg.stop();
    const waiting = wire.publish('devices/lamp/sensor', reading(1, { timestamp: new Date().toISOString() }));
    await until('REST says so', async () => {
      const { status, body } = await rest.call<object>('POST', '/api/rooms', { name: 'Hall' });
      if (status !== 503) return false;
      assertSeen('database-away-rest', JSON.stringify(body));
      return true;
    });
    await pg.start();
    await waiting;
    const { widget_id } = await rest.widget('lamp', 'temperature');
    await until('it is there', async () => (await rest.readings(widget_id)).length === 1);
    await wire.disconnect();
  });
  await server.stop();

  await t.test('it is away when the server starts', async () => {
    await pg.stop();
    const late = nodeOf(t, pg.url);
    const started = late.start();
    await logged(late, 'database-away-log');
    await pg.start();
    await started;
    await late.stop();
  });

  await t.test('newer', async () => {
    const sql = postgres(pg.url, { max: 1 });
    await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', ${Date.now() + 1e12})`;
    const older = nodeOf(t, pg.url);
    const { code, stdout } = await older.runToEnd();
    assertSeen('newer-database', stdout);
    assert.equal(code, 78);
    await sql`delete from drizzle.__drizzle_migrations where hash = 'x'`;
    await sql.end();
    await older.start();
  });
});

void test('Redis goes and comes', { skip: postgresMissing() || redisMissing() }, async (t) => {
  const [pg, redis] = [await database(t), await startRedis()];
  t.after(() => redis.dispose());
  const server = nodeOf(t, pg.url, { REDIS_URL: redis.url });
  await server.start();
  await redis.stop();
  await logged(server, 'redis-away-log');
  await redis.start();
  await until(
    'it says so',
    () => server.lines.some(({ msg }) => msg === 'Redis is back'),
    () => server.report(),
  );
});

void test('a password that is forgotten, and too many wrong ones', async (t) => {
  const { server, rest } = await startServer(t);
  const { code, stdout } = await runBeside(server, 'password', ADMIN.username);
  assert.equal(code, 0);
  const login = (password: string) =>
    rest.call<object>('POST', '/api/auth/login', { username: ADMIN.username, password });
  assert.equal((await login(stdout.trim())).status, 200);
  for (let i = 0; i < 10; i++) await login('wrong');
  const locked = await login(stdout.trim());
  assert.equal(locked.status, 429);
  assertSeen('locked-out-rest', JSON.stringify(locked.body));
  const seconds = Number(locked.headers.get('Retry-After'));
  assert.ok(seconds > 0 && seconds <= 60, String(seconds));
});

void test('a power cut: it starts, and has what was acknowledged', async (t) => {
  const { server, rest } = await startServer(t);
  const { wire, secret } = await enrolled(server, rest, 'lamp');
  await wire.publish('devices/lamp/sensor', reading(21, { timestamp: new Date().toISOString() }));
  await server.stop('SIGKILL');
  assert.ok(statSync(server.dataDir).isDirectory());
  await server.start();
  await rest.logIn();
  assert.equal((await rest.widget('lamp', 'temperature')).value, 21);
  await connected(server, 'lamp', secret);
});

void test('a disk that fills, and one that may not be written', { skip: smallDiskMissing() }, async (t) => {
  const disk = new SmallDisk(t, 400);
  const server = new Server({ disk: disk.folder, env: { MIN_FREE_DISK: '200MiB' } });
  disk.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const { wire } = await enrolled(server, rest, 'lamp');
  disk.fill(150 * MIB);
  await logged(server, 'disk-low-log');
  disk.fill(60 * MIB);
  await logged(server, 'disk-full-log');
  assert.equal((await rest.get('/api/health')).status, 503);
  const waiting = wire.publish('devices/lamp/sensor', reading(1));
  disk.clear();
  await waiting;
  await until('it says so', () => server.lines.some(({ msg }) => msg === 'there is room on the disk again'));
  await server.stop();
  const remount = (how: string) =>
    assert.equal(spawnSync('mount', ['-o', `remount,${how}`, disk.folder]).status, 0);
  remount('ro');
  const { code, stdout } = await server.runToEnd();
  remount('rw');
  assert.equal(code, 1, stdout);
  assertSeen('read-only', stdout);
  await server.start();
});
