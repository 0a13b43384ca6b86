import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readArchive } from '../../db/backup/archive-reader.ts';
import { createArchiveWriter, keepDraft } from '../../db/backup/archive-writer.ts';
import { HEADER, type Header, MANIFEST, type Manifest } from '../../db/backup/format.ts';
import { writeBackup } from '../../db/backup/write-backup.ts';
import { migrationsFolder, newestMigration } from '../../db/built-at.ts';
import { connect } from '../../db/client.ts';
import { fewFiles, runCommand, temporaryFolder } from '../helpers/backup.ts';
import { silent } from '../helpers/database.ts';
import { openTarget } from '../helpers/open-database.ts';
import { Rest } from '../helpers/rest.ts';
import { Server } from '../helpers/server.ts';

/** The same backup with another header, as a later version may write it. */
async function withHeader(from: string, to: string, change: (header: Header) => Header): Promise<void> {
  const archive = await createArchiveWriter(to, { passphrase: null, createdAt: new Date() });
  for await (const { name, content } of readArchive(from, null)) {
    if (name === MANIFEST) await archive.finish((JSON.parse(content.toString()) as Manifest).tables);
    else if (name !== HEADER) await archive.add(name, content);
    else await archive.add(name, JSON.stringify(change(JSON.parse(content.toString()) as Header)));
  }
  keepDraft(to);
}

void test('a backup of an older version comes back as it was, and the next start brings it up to date; a newer one is refused', async (t) => {
  const target = await openTarget(t, 'embedded');
  const { sql, close } = connect(target, silent, 1);
  const journal = JSON.parse(readFileSync(join(migrationsFolder(), 'meta', '_journal.json'), 'utf8')) as {
    entries: { when: number; tag: string }[];
  };
  const old = journal.entries.slice(0, 3);
  await sql`create schema drizzle`;
  await sql`create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`;
  for (const { tag, when } of old) {
    await sql.unsafe(readFileSync(join(migrationsFolder(), `${tag}.sql`), 'utf8')).simple();
    await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${tag}, ${when})`;
  }
  await sql`insert into rooms (name) values ('kitchen')`;
  await sql`insert into readings (at, num, widget_id, kind) select now() - i * interval '1 hour', i, 1, 1 from generate_series(1, 100) i`;
  await close();

  const folder = temporaryFolder(t);
  const path = join(folder, 'old.tar.gz');
  const job = { target, dataDir: fewFiles(t), settings: '', version: '0.0.1', log: silent };
  const { header } = await writeBackup({ ...job, path, passphrase: null });
  assert.equal(header.level, old.at(-1)?.when);
  assert.ok(header.level < newestMigration());

  const server = new Server({ fresh: true });
  t.after(() => server.dispose());
  const env = { DATA_DIR: server.dataDir };
  const newer: [string, (header: Header) => Header][] = [
    ['format', (before) => ({ ...before, format: before.format + 1 })],
    ['level', (before) => ({ ...before, level: newestMigration() + 1 })],
  ];
  for (const [what, change] of newer) {
    await withHeader(path, join(folder, what), change);
    const { code, stderr } = await runCommand('restore', [join(folder, what)], env);
    assert.equal(code, 1);
    assert.match(stderr, /newer version of PM IoT \(0\.0\.1\): install that version/);
  }
  const restored = await runCommand('restore', [path], env);
  assert.equal(restored.code, 0, restored.stderr);
  assert.match(restored.stdout, /readings +100 rows/);
  await server.start();
  const rest = await new Rest(server).logIn();
  const { rooms } = await rest.expect<{ rooms: { name: string }[] }>(200, 'GET', '/api/rooms');
  assert.deepEqual(
    rooms.map(({ name }) => name),
    ['kitchen'],
  );
});
