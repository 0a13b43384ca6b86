import type postgres from 'postgres';
import { atMost } from './domain/within.ts';

/** A database that hangs would hold the answer up for ten seconds. */
const PATIENCE_MS = 2000;

/** Asks for the bytes of the database; null: it is away, or too busy to tell. */
export function createDatabaseSize(
  sql: postgres.Sql,
  patienceMs = PATIENCE_MS,
): () => Promise<number | null> {
  const ask = async () => {
    try {
      const [row] = await sql<{ bytes: string }[]>`select pg_database_size(current_database()) as bytes`;
      return row === undefined ? null : Number(row.bytes);
    } catch {
      return null;
    } finally {
      asking = null;
    }
  };
  let asking: Promise<number | null> | null = null;

  return () => {
    // One question for all who wait: those who poll must not fill the queue of a database that hangs.
    asking ??= ask();
    return atMost(patienceMs, asking, null);
  };
}
