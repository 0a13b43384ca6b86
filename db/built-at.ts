import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Journal {
  entries: { when: number; tag: string }[];
}

/** The SQL is not compiled: from `dist/db` it is found beside the sources. */
export function migrationsFolder(): string {
  const here = import.meta.dirname;
  const found = [join(here, 'migrations'), join(here, '..', '..', 'db', 'migrations')].find((folder) =>
    existsSync(join(folder, 'meta', '_journal.json')),
  );
  if (found === undefined) throw new Error('the folder db/migrations is missing');
  return found;
}

/** The migrations of the program, in their order; `when` each was made, milliseconds. */
export function knownMigrations(): Journal['entries'] {
  const text = readFileSync(join(migrationsFolder(), 'meta', '_journal.json'), 'utf8');
  return (JSON.parse(text) as Journal).entries;
}

/** When the newest migration of the program was made. Milliseconds. */
export function newestMigration(): number {
  return Math.max(...knownMigrations().map(({ when }) => when));
}

/** Files have no earlier time but that of a box without a clock, or the one of 1985 that npm gives what it packs. */
const EARLIEST = Date.UTC(2020, 0, 1);

/** A time that has certainly passed: when the program was made. Milliseconds. */
export function builtAt(): number {
  const written = statSync(import.meta.filename).mtimeMs;
  return written < EARLIEST ? newestMigration() : Math.min(newestMigration(), written);
}
