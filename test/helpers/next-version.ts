import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PARTS = ['api', 'broker', 'certs', 'cluster', 'config', 'db', 'net', 'server', 'app'];

interface Journal {
  entries: { idx: number; when: number; tag: string; version: string; breakpoints: boolean }[];
}

/** The name that a migration after the newest one gets. */
export function nextTag(name: string): string {
  const count = journalOf(ROOT).entries.length;
  return `${String(count).padStart(4, '0')}_${name}`;
}

const journalPath = (root: string) => join(root, 'db', 'migrations', 'meta', '_journal.json');
const journalOf = (root: string) => JSON.parse(readFileSync(journalPath(root), 'utf8')) as Journal;

/** A copy of the built program with one more migration, as a later version has it: the path of what is to be started. */
export function makeNextVersion(t: TestContext, name: string, sql: string): string {
  const root = mkdtempSync(join(tmpdir(), 'pm-iot-next-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const copy = (path: string) => cpSync(join(ROOT, path), join(root, path), { recursive: true });
  copy('package.json');
  copy(join('db', 'migrations'));
  for (const file of ['main.js', 'logger.js']) copy(join('dist', file));
  for (const part of PARTS) copy(join('dist', part));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const tag = nextTag(name);
  writeFileSync(join(root, 'db', 'migrations', `${tag}.sql`), sql);
  const journal = journalOf(root);
  const last = journal.entries.at(-1);
  if (last === undefined) throw new Error('there are no migrations');
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag });
  writeFileSync(journalPath(root), JSON.stringify(journal));
  return join(root, 'dist', 'main.js');
}
