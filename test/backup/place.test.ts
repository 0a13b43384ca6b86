import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readMarker, writeMarker } from '../../db/backup/marker.ts';
import { asideIn, beginPlacing, draftIn, emptyDraft, oldNames, place } from '../../db/backup/place.ts';
import { DataDirUnusableError, openDataDir } from '../../db/data-dir.ts';
import { temporaryFolder } from '../helpers/backup.ts';

const OLD = ['certs', 'db', 'jwt.secret', 'something'];
const NEW = ['certs', 'db', 'jwt.secret', 'restored.env'];

/** A folder in which all is ready to be put into its place. */
function ready(t: TestContext) {
  const dataDir = temporaryFolder(t);
  const fill = (folder: string, names: string[], text: string) => {
    for (const name of names) {
      if (name.includes('.')) writeFileSync(join(folder, name), text);
      else {
        mkdirSync(join(folder, name));
        writeFileSync(join(folder, name, 'file'), text);
      }
    }
  };
  fill(dataDir, OLD, 'old');
  mkdirSync(join(dataDir, 'backups'));
  const marker = {
    id: '1',
    file: 'f',
    phase: 'loading' as const,
    old: oldNames(dataDir),
    aside: asideIn(dataDir),
  };
  writeMarker(dataDir, marker);
  fill(emptyDraft(dataDir), NEW, 'new');
  beginPlacing(dataDir, marker);
  return { dataDir, marker: readMarker(dataDir) ?? marker };
}

const textIn = (folder: string, name: string) =>
  readFileSync(name.includes('.') ? join(folder, name) : join(folder, name, 'file'), 'utf8');

void test('a restore that is cut off while it takes its place is finished by the next, wherever it was cut', async (t) => {
  const steps = OLD.length + NEW.length;
  for (let cutAfter = 0; cutAfter <= steps; cutAfter++) {
    const { dataDir, marker } = ready(t);
    assert.deepEqual(marker.old.sort(), OLD);
    const aside = join(dataDir, marker.aside);
    mkdirSync(aside);
    const moves = [
      ...OLD.map((name) => [join(dataDir, name), join(aside, name)] as const),
      ...NEW.map((name) => [join(draftIn(dataDir), name), join(dataDir, name)] as const),
    ];
    for (const [from, to] of moves.slice(0, cutAfter)) renameSync(from, to);
    await assert.rejects(openDataDir(dataDir), (error: Error) => {
      assert.ok(error instanceof DataDirUnusableError);
      assert.match(error.message, /npm run restore/);
      return true;
    });

    place(dataDir, marker);
    for (const name of OLD) assert.equal(textIn(aside, name), 'old');
    for (const name of NEW) assert.equal(textIn(dataDir, name), 'new');
    assert.deepEqual(readdirSync(dataDir).sort(), ['backups', 'before-restore-1', ...NEW].sort());
    assert.equal(readMarker(dataDir), null);
    await (await openDataDir(dataDir)).release();
    assert.equal(asideIn(dataDir), 'before-restore-2');
    assert.ok(!existsSync(draftIn(dataDir)));
  }
});
