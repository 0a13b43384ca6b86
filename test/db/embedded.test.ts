import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { connect } from '../../db/client.ts';
import { DurableFS } from '../../db/embedded/durable-fs.ts';
import { startEmbedded } from '../../db/embedded/index.ts';
import { START_PARAMS } from '../../db/embedded/start-params.ts';
import { migrate } from '../../db/migrate.ts';
import { silent } from '../helpers/database.ts';
import { copyDatabase } from '../helpers/templates.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pm-iot-embedded-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const onCrash = (error: Error) => {
  throw error;
};

void test('each commit of the embedded database reaches the disk', async (t) => {
  let synced = 0;
  class CountingFS extends DurableFS {
    override sync(file: number): void {
      synced++;
      super.sync(file);
    }
  }
  const db = await PGlite.create({ fs: new CountingFS(folder(t)), startParams: [...START_PARAMS] });
  t.after(() => db.close());
  assert.equal((await db.query<{ fsync: string }>('show fsync')).rows[0]?.fsync, 'on');
  await db.exec('create table t (a int)');
  const before = synced;
  for (let i = 0; i < 20; i++) await db.query('insert into t values ($1)', [i]);
  assert.ok(synced - before >= 20, `${synced - before} syncs for 20 commits`);
});

void test('what was committed survives a kill -9 in the middle of commits', async (t) => {
  const dataDir = folder(t);
  copyDatabase(dataDir);
  const module = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
  const code = `
    const { startEmbedded } = await import(${module('db/embedded/index.js')});
    const { connect } = await import(${module('db/client.js')});
    const log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
    const { socketPath } = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, log, onCrash: console.error });
    const { sql } = connect({ socketPath }, log);
    await sql\`create table t (a int primary key)\`;
    for (let i = 0; ; i++) { await sql\`insert into t values (\${String(i)}::text::int)\`; console.log(i); }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last === 50) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const { socketPath, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
  const { sql, close } = connect({ socketPath }, silent);
  const [row] = await sql<{ count: string; max: number }[]>`select count(*), max(a) from t`;
  await close();
  await stop();
  assert.ok(last >= 50);
  assert.ok((row?.max ?? -1) >= last, `${last} was confirmed, ${row?.max} is the last there`);
  assert.equal(Number(row?.count), (row?.max ?? -1) + 1);
});

void test('a first creation that was cut leaves nothing in the way of the next', async (t) => {
  const dataDir = folder(t);
  const code = `
    const { startEmbedded } = await import(${JSON.stringify(new URL('../../db/embedded/index.js', import.meta.url).href)});
    const log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
    await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, log, onCrash: console.error });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
  while (!existsSync(join(dataDir, 'db.new', 'PG_VERSION')))
    await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(!existsSync(join(dataDir, 'db')));
  const { socketPath, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
  await migrate({ socketPath }, silent);
  await stop();
});

void test('a database that a newer program wrote is refused with a clear line', async (t) => {
  const dataDir = folder(t);
  copyDatabase(dataDir);
  const { socketPath, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
  t.after(stop);
  await migrate({ socketPath }, silent);
  const { sql, close } = connect({ socketPath }, silent);
  await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of the future', '9999999999999'::text::bigint)`;
  await close();
  await assert.rejects(migrate({ socketPath }, silent), /written by a newer version of PM IoT/);
});
