import type postgres from 'postgres';
import { createAskedOnce } from './asked-once.ts';

/** Asks for the bytes of the database; null: it is away, or too busy to tell. */
export const createDatabaseSize = (sql: postgres.Sql, patienceMs?: number): (() => Promise<number | null>) =>
  createAskedOnce(async () => {
    const [row] = await sql<{ bytes: string }[]>`select pg_database_size(current_database()) as bytes`;
    return row === undefined ? null : Number(row.bytes);
  }, patienceMs);
