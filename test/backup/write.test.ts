import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settingsText } from '../../config/settings-text.ts';
import { isEncrypted, PassphraseError } from '../../db/backup/archive-reader.ts';
import { DamagedBackupError } from '../../db/backup/format.ts';
import { listBackups, nextBackupPath, rotate } from '../../db/backup/rotation.ts';
import { withSnapshot } from '../../db/backup/source.ts';
import { verifyBackup } from '../../db/backup/verify.ts';
import { writeBackup } from '../../db/backup/write-backup.ts';
import { fewFiles, KEPT_SECRET, temporaryFolder } from '../helpers/backup.ts';
import { KINDS, missing, silent } from '../helpers/database.ts';
import { openDatabase } from '../helpers/open-database.ts';

for (const kind of KINDS) {
  void test(`a backup of the ${kind} database is read back as it was`, { skip: missing(kind) }, async (t) => {
    const { sql, target } = await openDatabase(t, kind);
    await sql`insert into rooms (name) select 'room ' || i || chr(10) || chr(9) || chr(92) from generate_series(1, 3000) i`;
    await sql`create table readings_20260101 partition of readings for values from ('2026-01-01') to ('2026-01-02')`;
    await sql`insert into readings (at, num, widget_id, kind)
      select '2026-01-01'::timestamptz + i * interval '1 ms', random(), 1, 1 from generate_series(1, 100000) i`;
    const to = temporaryFolder(t);
    const path = nextBackupPath(to, false, Date.now());
    const steps = new Set<string>();
    const made = await writeBackup({
      ...{ target, dataDir: fewFiles(t), path, passphrase: null, version: '1', log: silent },
      settings: settingsText({ LOG_LEVEL: 'warn', DATABASE_URL: 'postgres://a:secret@b/c' }),
      onProgress: ({ step, done, total }) => {
        steps.add(step);
        assert.ok(done <= total);
      },
    });
    assert.deepEqual([...steps], ['writing', 'verifying']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(to), [path.slice(to.length + 1)]);
    const { header, manifest, schema } = await verifyBackup(path, null);
    assert.equal(header.database, kind === 'embedded' ? 'embedded' : 'server');
    assert.ok(header.level > 1_795_000_000_000);
    const rows = new Map(manifest.tables.map((table) => [table.table, table.rows]));
    assert.equal(rows.get('rooms'), 3000);
    assert.equal(rows.get('readings_20260101'), 100_000);
    assert.ok((rows.get('drizzle.__drizzle_migrations') ?? 0) > 5);
    assert.ok(made.rows > 103_000);
    const order = schema.tables.map(({ name }) => name);
    assert.ok(order.indexOf('widgets') > order.indexOf('capabilities'));
    assert.deepEqual(
      schema.sequences.find(({ table }) => table === 'rooms'),
      { schema: 'public', table: 'rooms', column: 'id', value: '3000', called: true },
    );
    // Any tar opens it.
    execFileSync('tar', ['xzf', path, '-C', to]);
    assert.equal(readFileSync(join(to, 'files', 'jwt.secret'), 'utf8'), KEPT_SECRET);
    assert.equal(readFileSync(join(to, 'files', 'certs', 'devices', 'lamp.key'), 'utf8'), 'a key');
    const settings = readFileSync(join(to, 'settings.env'), 'utf8');
    assert.match(settings, /^LOG_LEVEL=warn$/m);
    assert.doesNotMatch(settings, /secret/);
  });
}

void test('a part is bounded where most of a table stands outside of its rows, as packed history does', async (t) => {
  const { sql, target } = await openDatabase(t, 'embedded');
  await sql.unsafe(
    'create table packed (id int, vals bytea); alter table packed alter vals set storage external',
  );
  await sql.unsafe(
    `insert into packed select i, decode(repeat('ab', 16384), 'hex') from generate_series(1, 1500) i`,
  );
  await withSnapshot(target, silent, async ({ parts }) => {
    let rows = 0;
    for await (const { table, text } of parts()) {
      if (table.name !== 'packed') continue;
      assert.ok(text.length < 12 * 1024 * 1024, `${text.length} bytes`);
      rows += text.toString('latin1').split('\n').length - 1;
    }
    assert.equal(rows, 1500);
  });
});

void test('an encrypted backup opens with its passphrase alone, and every flipped byte is found', async (t) => {
  const { sql, target } = await openDatabase(t, 'embedded');
  await sql`insert into rooms (name) select 'room ' || i from generate_series(1, 100) i`;
  const job = { target, dataDir: fewFiles(t), settings: '', version: '1', log: silent };
  const to = temporaryFolder(t);
  for (const passphrase of [null, 'correct horse battery staple']) {
    const path = nextBackupPath(to, passphrase !== null, Date.now());
    await writeBackup({ ...job, path, passphrase });
    assert.equal(await isEncrypted(path), passphrase !== null);
    if (passphrase !== null) {
      await assert.rejects(verifyBackup(path, null), PassphraseError);
      await assert.rejects(verifyBackup(path, 'wrong'), PassphraseError);
      assert.ok(!readFileSync(path).includes(KEPT_SECRET));
    }
    const whole = readFileSync(path);
    const damagedPath = join(to, 'damaged');
    const refused = async (content: Buffer, what: string) => {
      writeFileSync(damagedPath, content);
      await assert.rejects(verifyBackup(damagedPath, passphrase), (error: unknown) => {
        assert.ok(
          error instanceof DamagedBackupError || error instanceof PassphraseError,
          `${what}: ${String(error)}`,
        );
        return true;
      });
    };
    // Opening an encrypted one takes a second each time.
    const tries = passphrase === null ? 40 : 1;
    // Not the header of gzip, of which a time and the name of a system mean nothing.
    for (let i = 0; i < tries; i++) {
      const at = 10 + Math.floor((i * (whole.length - 10)) / tries);
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      await refused(flipped, `byte ${at} of ${whole.length}`);
      await refused(whole.subarray(0, at), `cut at ${at}`);
    }
  }
  await assert.rejects(
    verifyBackup(join(to, 'no-such-file'), null),
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
});

void test('the newest by number stay, whatever the clock says', (t) => {
  const to = temporaryFolder(t);
  const years = [2026, 1970, 2040, 2026];
  const made = years.map((year) => {
    const path = nextBackupPath(to, false, Date.UTC(year, 1, 2, 3, 4, 5));
    writeFileSync(path, '');
    return path;
  });
  writeFileSync(join(to, 'a-file-of-somebody.tar.gz'), '');
  assert.deepEqual(
    listBackups(to).map(({ path }) => path),
    made,
  );
  assert.equal(listBackups(to)[1]?.at.toISOString(), '1970-02-02T03:04:05.000Z');
  assert.deepEqual(rotate(to, 2), made.slice(0, 2));
  assert.deepEqual(
    listBackups(to).map(({ path }) => path),
    made.slice(2),
  );
  assert.ok(existsSync(join(to, 'a-file-of-somebody.tar.gz')));
  assert.deepEqual(listBackups(join(to, 'nowhere')), []);
});
