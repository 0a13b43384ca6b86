import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type postgres from 'postgres';
import { connect } from '../../db/client.ts';
import { shortSocketPath } from '../../db/socket-path.ts';
import { silent } from '../helpers/database.ts';
import { enrolled, reading } from '../helpers/devices.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';

const PAGE = 8192;
const READINGS = 200;

/** Asks the embedded database of a server that runs. */
async function ask<T>(server: Server, question: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const { sql, close } = connect({ socketPath: shortSocketPath(server.dataDir, 'postgres') }, silent, 1);
  try {
    return await question(sql);
  } finally {
    await close();
  }
}

/** A part of a file that never came to the disk as it should be. */
function garble(path: string, from: number, length: number, byte = 0xa5): void {
  const file = openSync(path, 'r+');
  const until = Math.min(from + length, fstatSync(file).size);
  if (until > from) writeSync(file, Buffer.alloc(until - from, byte), 0, until - from, from);
  closeSync(file);
}

interface Wal {
  path: string;
  /** Of the last record that was synced. */
  end: number;
}

/** Readings are acknowledged, then the power fails. Where the WAL ends, and the files that have been written since the last checkpoint. */
async function cut(t: TestContext) {
  const server = new Server();
  t.after(() => server.dispose());
  await server.start();
  const rest = await new Rest(server).logIn();
  const { wire } = await enrolled(server, rest, 'd1');
  await wire.publish('devices/d1/sensor', reading(-1, { seq: 1 }));
  await ask(server, (sql) => sql`checkpoint`.simple());
  const timestamp = new Date().toISOString();
  await Promise.all(
    Array.from({ length: READINGS }, (_, seq) =>
      wire.publish('devices/d1/sensor', reading(seq, { timestamp, seq })),
    ),
  );
  const found = await ask(server, async (sql) => {
    const [wal] = await sql<{ name: string; at: number }[]>`
      select f.file_name as name, f.file_offset::float8 as at from pg_walfile_name_offset(pg_current_wal_flush_lsn()) f`;
    const files = await sql<{ path: string }[]>`
      with stored as (select tableoid as oid from readings limit 1)
      select pg_relation_filepath(oid) as path from stored
      union all select pg_relation_filepath(indexrelid) from pg_index where indrelid in (select oid from stored)`;
    return { wal, files };
  });
  await server.stop('SIGKILL');
  const folder = join(server.dataDir, 'db');
  const wal: Wal = { path: join(folder, 'pg_wal', found.wal?.name ?? ''), end: found.wal?.at ?? 0 };
  return { server, rest, wal, folder, files: found.files.map(({ path }) => join(folder, path)) };
}

async function proveWhole(server: Server, rest: Rest): Promise<void> {
  await server.start();
  const { widget_id } = await rest.widget('d1', 'temperature');
  const { body } = await rest.call<string>('GET', `/api/widgets/${widget_id}/readings`, undefined, {
    Accept: 'text/csv',
  });
  const rows = body.trimEnd().split('\r\n').length - 1;
  assert.equal(rows, READINGS + 1);
  const { wire } = await enrolled(server, rest, 'd2');
  await wire.publish('devices/d2/sensor', reading('after'));
  assert.equal((await rest.widget('d2', 'temperature')).value, 'after');
  assert.ok(server.alive);
}

const TORN: Record<string, (wal: Wal, folder: string) => void> = {
  'garbage behind its last record': ({ path, end }) => garble(path, end, 100_000),
  'a record of which half came': ({ path, end }) => garble(path, end, 13),
  'a file that ends where its last record does': ({ path, end }) =>
    truncateSync(path, Math.ceil(end / PAGE) * PAGE),
  'a next file without content': (_wal, folder) => {
    const names = readdirSync(join(folder, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name));
    const last = names.sort().at(-1) ?? '';
    const next = (BigInt(`0x${last}`) + 1n).toString(16).toUpperCase().padStart(24, '0');
    writeFileSync(join(folder, 'pg_wal', next), '');
  },
};

for (const [what, tear] of Object.entries(TORN)) {
  void test(`a torn WAL: ${what}: starts by itself with all that was acknowledged`, async (t) => {
    const { server, rest, wal, folder } = await cut(t);
    tear(wal, folder);
    await proveWhole(server, rest);
  });
}

void test('pages of which half was written come back from the WAL', async (t) => {
  const { server, rest, files } = await cut(t);
  assert.ok(files.length > 1);
  // Their last pages have been changed since the checkpoint, so that they are whole in the WAL.
  for (const path of files) {
    const file = openSync(path, 'r');
    const { size } = fstatSync(file);
    closeSync(file);
    if (size >= PAGE) garble(path, size - PAGE / 2, PAGE / 2);
  }
  await proveWhole(server, rest);
});

void test('a database that is damaged or not there is told, never replaced by an empty one', async (t) => {
  const { server, rest, folder, wal } = await cut(t);
  const whole = join(server.dataDir, 'whole');
  const refuses = async (reason: RegExp) => {
    const { code, stdout } = await server.runToEnd();
    assert.equal(code, 1, stdout);
    const line = stdout.trimEnd().split('\n').at(-1) ?? '';
    const { level, msg, err } = JSON.parse(line) as { level: string; msg: string; err?: object };
    assert.deepEqual([level, err], ['fatal', undefined]);
    assert.match(msg, /restore a backup/);
    assert.match(msg, reason);
  };
  const kept = async (path: string, harm: () => void, reason: RegExp) => {
    renameSync(path, whole);
    harm();
    await refuses(reason);
    rmSync(path, { force: true, recursive: true });
    renameSync(whole, path);
  };
  const control = join(folder, 'global', 'pg_control');
  await kept(control, () => writeFileSync(control, Buffer.alloc(PAGE)), /control|incompatible/i);
  await kept(control, () => writeFileSync(control, ''), /control|incompatible/i);
  await kept(join(folder, 'PG_VERSION'), () => {}, /PG_VERSION/);
  await kept(wal.path, () => {}, /checkpoint record/);
  // As where the disk that it lies on is not mounted.
  await kept(folder, () => mkdirSync(folder), /PG_VERSION/);
  await proveWhole(server, rest);
});
