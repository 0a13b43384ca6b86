import type postgres from 'postgres';

/** Asks the database something, and gives the milliseconds it took. Throws when it is away. */
export async function ping(sql: postgres.Sql): Promise<number> {
  const started = performance.now();
  await sql`select 1`;
  return performance.now() - started;
}
