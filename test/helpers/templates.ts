import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where `npm test` keeps what it makes once, because to make it takes seconds. */
const TEMPLATES = process.env.TEST_TEMPLATES;

/** The folder of a template; null where none was made. */
export function templateOf(what: 'db' | 'postgres'): string | null {
  const folder = TEMPLATES === undefined ? null : join(TEMPLATES, what);
  return folder !== null && existsSync(folder) ? folder : null;
}

/** Puts a migrated, empty embedded database into a data folder; without a template the program makes its own. */
export function copyDatabase(dataDir: string): void {
  const template = templateOf('db');
  if (template !== null) cpSync(template, join(dataDir, 'db'), { recursive: true });
}
