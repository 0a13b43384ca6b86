import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '../../db/client.ts';
import type { Log } from '../../db/domain/ports.ts';
import { createCheckpointer } from '../../db/embedded/checkpointer.ts';
import { startEmbedded } from '../../db/embedded/index.ts';
import { silent } from '../helpers/database.ts';
import { MIB, SmallDisk, smallDiskMissing } from '../helpers/small-disk.ts';
import { copyDatabase } from '../helpers/templates.ts';
import { until } from '../helpers/wait.ts';

const DISK_MIB = 160;
const skip = smallDiskMissing();
const onCrash = (error: Error) => {
  throw error;
};

function listening() {
  const told: string[] = [];
  const log: Log = { ...silent, error: (_object, message) => told.push(message) };
  return { told, log };
}

void test('a disk that is full ends the engine, not the process, and what was confirmed is there again', {
  skip,
}, async (t) => {
  const disk = new SmallDisk(t, DISK_MIB);
  const { told, log } = listening();
  copyDatabase(disk.folder);
  const { socketPath, stop } = await startEmbedded({ dataDir: disk.folder, log, onCrash });
  disk.after(stop);
  const { sql, close } = connect({ socketPath }, silent);
  disk.after(close);
  await sql`create table t (a int primary key, n int, v text)`;
  await sql`insert into t select g, 0, '' from generate_series(0, 9) g`;
  disk.fill();

  // Nothing but the WAL grows.
  let confirmed = 0;
  const write = async (n: number) => {
    const [text, row] = [String(n), String(n % 10)];
    await sql`update t set n = ${text}::text::int, v = repeat(md5(${text}), 20) where a = ${row}::text::int`;
    confirmed = n;
  };
  const ended = () => told.some((line) => /started again/.test(line));
  for (let n = 1; !ended(); n++) await write(n).catch(() => {});
  assert.ok(confirmed > 100);
  await assert.rejects(async () => await sql`select 1`, 'nobody waits for an answer that cannot come');

  disk.clear();
  const count = await until('the database is back', async () => {
    const rows = await sql<{ n: number }[]>`select max(n) as n from t`.catch(() => []);
    return rows[0]?.n;
  });
  assert.ok(count >= confirmed, `${confirmed} was confirmed, ${count} is the last there`);
  await write(confirmed + 1);
});

void test('a start on a full disk waits for room and says so', { skip }, async (t) => {
  const disk = new SmallDisk(t, DISK_MIB);
  disk.fill();
  const { told, log } = listening();
  const starting = startEmbedded({ dataDir: disk.folder, log, onCrash });
  await until('it is told', () => told.some((line) => /the embedded database waits/.test(line)));
  disk.clear();
  const { stop } = await starting;
  await stop();
});

void test('the WAL of a running process stays small', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pm-iot-wal-'));
  copyDatabase(dataDir);
  const { socketPath, folder, stop } = await startEmbedded({ dataDir, log: silent, onCrash });
  const { sql, close } = connect({ socketPath }, silent);
  const checkpointer = createCheckpointer({ sql, log: silent });
  checkpointer.start();
  t.after(async () => {
    await checkpointer.stop();
    await close();
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await sql`create table t (v text)`;
  const written = async () => {
    const [row] = await sql<
      { bytes: number }[]
    >`select (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 as bytes`;
    return row?.bytes ?? 0;
  };
  const start = await written();
  while ((await written()) - start < 260 * MIB) {
    await sql`insert into t select repeat(md5(g::text), 50) from generate_series(1, 2000) g`;
    await sql`truncate t`;
  }
  const segments = readdirSync(join(folder, 'pg_wal')).filter((name) => name.length === 24);
  assert.ok(segments.length * 16 < 200, `${segments.length} segments of 16 MiB`);
});
