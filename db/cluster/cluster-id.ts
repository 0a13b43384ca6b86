import { randomBytes } from 'node:crypto';
import type postgres from 'postgres';

const KEY = 'cluster_id';

/** Tells what is of this database from what others keep in the same Redis. Made once. */
export async function readClusterId(sql: postgres.Sql): Promise<string> {
  const made = JSON.stringify(randomBytes(4).toString('hex'));
  await sql`insert into meta (key, value) values (${KEY}, ${made}::text::jsonb) on conflict (key) do nothing`;
  const [row] = await sql<{ value: string }[]>`select value from meta where key = ${KEY}`;
  if (row === undefined) throw new Error('the table meta has lost the id of the cluster');
  return row.value;
}
