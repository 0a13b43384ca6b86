import type postgres from 'postgres';
import type { ReadingWriter } from '../domain/services.ts';
import { ProbeFault } from './fault.ts';

/**
 * Commits something that has to reach the disk as a reading has, and leaves no row: a message in the write-ahead log that
 * nobody reads. Throws where the database is away or takes no writes.
 */
export async function commitNothing(sql: postgres.Sql): Promise<void> {
  // Of a database that takes no writes the message alone would tell nothing.
  const [row] = await sql<{ readOnly: string }[]>`
    select current_setting('transaction_read_only') as "readOnly",
      pg_logical_emit_message(true, 'pm-iot', 'health')`;
  if (row?.readOnly !== 'off') throw new ProbeFault('database_read_only', 'the database takes no writes');
}

/** Resolves once a message without readings has gone the whole way of those with some: queue, group, statement. */
export const passWriter = (writer: Pick<ReadingWriter, 'write'>): Promise<void> =>
  new Promise((resolve) => {
    writer.write({ readings: [], stored: () => resolve() });
  });
