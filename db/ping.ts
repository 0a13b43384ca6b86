import type postgres from 'postgres';
import { createAskedOnce } from './asked-once.ts';

/** Asks the database something, and gives the milliseconds it took; null: it is away, or hangs. */
export const createPing = (sql: postgres.Sql): (() => Promise<number | null>) =>
  createAskedOnce(async () => {
    const started = performance.now();
    await sql`select 1`;
    return performance.now() - started;
  });
