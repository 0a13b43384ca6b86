import type postgres from 'postgres';
import { atMost } from './domain/within.ts';

/** A database that hangs would hold the answer up for ten seconds. */
const PATIENCE_MS = 2000;

/** Asks the database something, and gives the milliseconds it took; null: it is away, or hangs. */
export function createPing(sql: postgres.Sql): () => Promise<number | null> {
  const ask = async () => {
    const started = performance.now();
    try {
      await sql`select 1`;
      return performance.now() - started;
    } catch {
      return null;
    } finally {
      asking = null;
    }
  };
  let asking: Promise<number | null> | null = null;

  return () => {
    // One question for all who wait: those who ask often must not fill the queue of a database that hangs.
    asking ??= ask();
    return atMost(PATIENCE_MS, asking, null);
  };
}
