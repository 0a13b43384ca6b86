import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import postgres from 'postgres';
import { migrate } from '../../db/migrate.ts';
import { missing, silent } from '../helpers/database.ts';
import { examine, faults, found, QUIET } from '../helpers/doctor.ts';
import { startPostgres } from '../helpers/postgres.ts';
import { redisMissing, startRedis } from '../helpers/redis.ts';

function environment(t: TestContext, more: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'pm-iot-doctor-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { ...QUIET, DATA_DIR: folder, ...more };
}

const OF_DATABASE = /^database/;

void test('a PostgreSQL server', { skip: missing('postgres') }, async (t) => {
  const server = await startPostgres();
  t.after(server.dispose);
  const env = environment(t, { DATABASE_URL: server.url });
  const look = (change: Partial<URL> = {}) =>
    examine({ env: { ...env, DATABASE_URL: Object.assign(new URL(server.url), change).href } });
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  t.after(() => sql.end());

  await t.test('that is new, and one that is up to date', async () => {
    await migrate({ url: server.url }, silent);
    const report = await look();
    assert.deepEqual(
      faults(report).filter((code) => OF_DATABASE.test(code)),
      [],
    );
    assert.equal(found(report, 'database_level').level, 'ok');
  });

  await t.test('that refuses the password, or has no such database', async () => {
    const refused = await look({ password: 'not-that-one' });
    assert.equal(found(refused, 'database_refuses').level, 'broken');
    assert.ok(!refused.stdout.includes('not-that-one'));
    assert.match(found(await look({ pathname: '/nowhere' }), 'database_missing').todo ?? '', /createdb/);
  });

  await t.test('that would lose data when the power goes', async () => {
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
      await sql.unsafe(`alter system set ${name} = off`);
    }
    await sql`select pg_reload_conf()`;
    const report = await look();
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit'])
      assert.equal(found(report, `database_${name}_off`).level, 'broken');
    await sql`alter system reset all`;
    await sql`select pg_reload_conf()`;
  });

  await t.test('that takes no writes', async () => {
    await sql`alter system set default_transaction_read_only = on`;
    await sql`select pg_reload_conf()`;
    assert.equal(found(await look(), 'database_read_only').level, 'broken');
    await sql`set default_transaction_read_only = off`;
    await sql`alter system reset all`;
    await sql`select pg_reload_conf()`;
  });

  await t.test('that a newer version has written', async () => {
    await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of the future', 9999999999999)`;
    assert.equal(found(await look(), 'database_newer').level, 'broken');
  });

  await t.test('that hangs, and that has stopped', async () => {
    await server.freeze();
    const hung = found(await look(), 'database_unreachable');
    assert.match(hung.todo ?? '', /systemctl start postgresql/);
    await server.thaw();
    await server.stop();
    assert.equal(found(await look(), 'database_unreachable').level, 'broken');
  });
});

void test('Redis', { skip: redisMissing() || missing('postgres') }, async (t) => {
  const redis = await startRedis();
  t.after(redis.dispose);
  const more = { DATABASE_URL: 'postgres://me@127.0.0.1:1/home', REDIS_URL: redis.url };
  const env = environment(t, more);
  assert.equal(found(await examine({ env }), 'redis').level, 'ok');
  const wrong = { ...env, REDIS_URL: redis.url.replace('redis://', 'redis://someone:hidden-word@') };
  const refused = await examine({ env: wrong });
  assert.equal(found(refused, 'redis_refuses').level, 'broken');
  assert.ok(!refused.stdout.includes('hidden-word'));
  await redis.stop();
  assert.equal(found(await examine({ env }), 'redis_unreachable').level, 'broken');
});
