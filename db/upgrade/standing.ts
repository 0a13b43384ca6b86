import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type postgres from 'postgres';
import { knownMigrations, migrationsFolder } from '../built-at.ts';

export interface Standing {
  /** The newest migration that the database has: its name, or when it was made, where this program does not know it. */
  at: string;
  /** Migrations that it lacks, by name, in their order. */
  pending: string[];
  /** It has migrations that this program does not know. */
  newer: boolean;
}

/** How far a database is; null: nothing is in it yet. */
export async function readStanding(sql: postgres.Sql): Promise<Standing | null> {
  const [table] = await sql<{ name: string | null }[]>`
    select to_regclass('drizzle.__drizzle_migrations')::text as name`;
  if (table?.name == null) return null;
  const [applied] = await sql<{ at: string | null }[]>`
    select max(created_at)::text as at from drizzle.__drizzle_migrations`;
  if (applied?.at == null) return null;
  const level = Number(applied.at);
  const known = knownMigrations();
  return {
    at: known.find(({ when }) => when === level)?.tag ?? new Date(level).toISOString(),
    pending: known.filter(({ when }) => when > level).map(({ tag }) => tag),
    newer: known.every(({ when }) => when < level),
  };
}

/** The migration that a statement stands in. */
export function migrationWith(statement: string, names: readonly string[]): string | undefined {
  const text = statement.trim();
  return names.find((name) => readFileSync(join(migrationsFolder(), `${name}.sql`), 'utf8').includes(text));
}
