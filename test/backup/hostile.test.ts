import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createArchiveWriter, keepDraft } from '../../db/backup/archive-writer.ts';
import { readDataFiles } from '../../db/backup/data-files.ts';
import { DamagedBackupError, type DatabaseSchema, FORMAT, HEADER, SCHEMA } from '../../db/backup/format.ts';
import { readMarker, writeMarker } from '../../db/backup/marker.ts';
import { migrateDatabase } from '../../db/backup/migrate-db.ts';
import { asideIn, beginPlacing, emptyDraft, oldNames } from '../../db/backup/place.ts';
import { restore } from '../../db/backup/restore.ts';
import { newestMigration } from '../../db/built-at.ts';
import { openDataDir } from '../../db/data-dir.ts';
import { writeFileDurably } from '../../db/durable-file.ts';
import { fewFiles, KEPT_SECRET, temporaryFolder } from '../helpers/backup.ts';
import { missing, silent } from '../helpers/database.ts';
import { startPostgres } from '../helpers/postgres.ts';

const NOTHING: DatabaseSchema = { partitions: [], tables: [], sequences: [] };

/** A backup that nobody's server has written: sums and all are right. */
async function forged(t: TestContext, schema: unknown, files: Record<string, string> = {}): Promise<string> {
  const path = join(temporaryFolder(t), 'forged.tar.gz');
  const createdAt = new Date();
  const archive = await createArchiveWriter(path, { passphrase: null, createdAt });
  const header = { format: FORMAT, program: 'pm-iot', version: '1', level: newestMigration() };
  await archive.add(HEADER, JSON.stringify({ ...header, createdAt, database: 'embedded', postgres: '18' }));
  for (const [name, content] of Object.entries(files)) await archive.add(name, content);
  await archive.add(SCHEMA, JSON.stringify(schema));
  await archive.finish([]);
  keepDraft(path);
  return path;
}

const restoring = (file: string, dataDir: string, url: string | null = null) =>
  restore({
    ...{ file, dataDir, passphrase: null, url, replace: true, jwtSecretIsSet: false, log: silent },
    onProgress: () => {},
    tell: () => {},
  });

/** What was there goes on: nothing has moved, and the program starts. */
async function assertUntouched(dataDir: string) {
  assert.equal(readFileSync(join(dataDir, 'jwt.secret'), 'utf8'), KEPT_SECRET);
  assert.deepEqual(readdirSync(dataDir).sort(), ['certs', 'jwt.secret']);
  await (await openDataDir(dataDir)).release();
}

void test('statements in what a backup tells of its partitions are not run, and a restore that fails leaves a box that starts', {
  skip: missing('postgres'),
}, async (t) => {
  const postgres = await startPostgres();
  t.after(postgres.dispose);
  const dataDir = fewFiles(t);
  const evil = {
    ...{ schema: 'public', parent: 'readings', name: 'readings_1', key: null },
    bound: `FOR VALUES FROM ('2026-01-01') TO ('2026-01-02'); copy (select 1) to program 'touch ${dataDir}/taken'`,
  };
  const file = await forged(t, { ...NOTHING, partitions: [evil] });
  await assert.rejects(restoring(file, dataDir, postgres.url), (error: Error) => {
    assert.ok(error instanceof DamagedBackupError, String(error));
    assert.match(error.message, /readings_1 is none of PM IoT's/);
    return true;
  });
  await assertUntouched(dataDir);
});

void test('a backup that names more than tables, or files of the restore itself, is refused', async (t) => {
  const sequence = {
    schema: 'public',
    table: 'rooms',
    column: 'id',
    value: '1',
    called: 'true); drop table rooms',
  };
  const other = { schema: 'somebody', name: 'accounts', columns: ['id'] };
  for (const schema of [{ ...NOTHING, sequences: [sequence] }, { ...NOTHING, tables: [other] }, {}]) {
    const dataDir = fewFiles(t);
    await assert.rejects(restoring(await forged(t, schema), dataDir), DamagedBackupError);
    await assertUntouched(dataDir);
  }
  for (const name of [
    'restoring.json',
    'db/PG_VERSION',
    'backups/one',
    '../outside',
    '/outside',
    'certs/../../outside',
  ]) {
    const dataDir = fewFiles(t);
    const file = await forged(t, NOTHING, { [`files/${name}`]: '{}' });
    await assert.rejects(restoring(file, dataDir), DamagedBackupError, name);
    await assertUntouched(dataDir);
    assert.ok(!existsSync(join(dataDir, '..', 'outside')));
  }
});

/** All is ready to be put into its place, and the power goes. */
function cutAtEnd(t: TestContext, file: string): string {
  const dataDir = fewFiles(t);
  const marker = {
    id: '1',
    file,
    phase: 'loading' as const,
    old: oldNames(dataDir),
    aside: asideIn(dataDir),
  };
  writeMarker(dataDir, marker);
  writeFileSync(join(emptyDraft(dataDir), 'jwt.secret'), 'of the first file');
  beginPlacing(dataDir, marker);
  return dataDir;
}

void test('whoever goes on with another file than the one that was cut off hears that it was not restored', async (t) => {
  const file = await forged(t, NOTHING);
  const dataDir = cutAtEnd(t, '/backups/first.tar.gz');
  await assert.rejects(openDataDir(dataDir), /npm run restore -- \/backups\/first\.tar\.gz/);
  await assert.rejects(restoring(file, dataDir), /is what \/backups\/first\.tar\.gz holds.*was not restored/);
  assert.equal(readFileSync(join(dataDir, 'jwt.secret'), 'utf8'), 'of the first file');
  assert.equal(readMarker(dataDir), null);
});

void test('a migrate-db that was cut off at its end is finished by the same command, and says which', async (t) => {
  const migrate = (dataDir: string) =>
    migrateDatabase({
      ...{ dataDir, from: 'postgres://nobody@127.0.0.1:1/none', to: null, replace: false, log: silent },
      onProgress: () => {},
      tell: () => {},
    });
  const dataDir = cutAtEnd(t, 'migrate-db');
  await assert.rejects(openDataDir(dataDir), /run it again \(npm run migrate-db -- --to embedded\)/);
  assert.equal(await migrate(dataDir), null);
  assert.equal(readFileSync(join(dataDir, 'jwt.secret'), 'utf8'), 'of the first file');
  await (await openDataDir(dataDir)).release();
  await assert.rejects(migrate(cutAtEnd(t, '/b.tar.gz')), /npm run restore -- \/b\.tar\.gz/);
});

void test('certificates that lie elsewhere, behind a link, are in a backup', (t) => {
  const dataDir = temporaryFolder(t);
  const elsewhere = fewFiles(t);
  symlinkSync(join(elsewhere, 'certs'), join(dataDir, 'certs'));
  symlinkSync(join(elsewhere, 'jwt.secret'), join(dataDir, 'jwt.secret'));
  symlinkSync(join(elsewhere, 'nothing'), join(dataDir, 'nothing'));
  mkdirSync(join(dataDir, 'round'));
  symlinkSync(dataDir, join(dataDir, 'round', 'again'));
  const skipped: string[] = [];
  const names = readDataFiles(dataDir, (name) => skipped.push(name)).map(({ name }) => name);
  assert.ok(names.includes('certs/devices/lamp.key') && names.includes('jwt.secret'), names.join());
  assert.ok(names.length < 50, names.join());
  assert.ok(skipped.length > 0);
});

void test('root follows no link of the owner of DATA_DIR to what is not theirs', {
  skip: process.getuid?.() === 0 ? false : 'only root may give folders away',
}, (t) => {
  const dataDir = fewFiles(t);
  const secret = join(temporaryFolder(t), 'of-root');
  writeFileSync(secret, 'of root');
  chownSync(dataDir, 12345, 12345);
  symlinkSync(secret, join(dataDir, 'link'));
  const skipped: string[] = [];
  const names = readDataFiles(dataDir, (name) => skipped.push(name)).map(({ name }) => name);
  assert.deepEqual(skipped, ['link']);
  assert.deepEqual(names, ['certs/devices/lamp.key', 'jwt.secret']);

  // The name of a draft can be guessed.
  symlinkSync(secret, join(dataDir, `mdns-name.${process.pid}.tmp`));
  writeFileDurably(join(dataDir, 'mdns-name'), 'pm-iot', 0o600);
  assert.equal(readFileSync(secret, 'utf8'), 'of root');
  assert.equal(statSync(secret).uid, 0);
});
