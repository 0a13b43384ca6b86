import postgres from 'postgres';
import { startPostgres } from '../../../test/helpers/postgres.ts';
import { familyTime, parentOf } from './processes.ts';

/** A PostgreSQL server of its own with fsync on, the same for whoever stores in one. */
export async function startDatabase() {
  const server = await startPostgres();
  const sql = postgres(server.url, { max: 1, onnotice: () => {} });
  const [self] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  if (self === undefined) throw new Error('the database does not say who it is');
  const pid = parentOf(self.pid);
  return {
    url: server.url,
    sql,
    /** Milliseconds of processor time of all its processes. */
    processor: () => familyTime(pid),
    rows: async (table: string) => {
      const [row] = await sql<{ count: number }[]>`select count(*)::float8 as count from ${sql(table)}`;
      return row?.count ?? 0;
    },
    stop: async () => {
      await sql.end({ timeout: 1 });
      await server.dispose();
    },
  };
}

export async function postgresVersion(): Promise<string> {
  const database = await startDatabase();
  try {
    const [row] = await database.sql<{ server_version: string }[]>`show server_version`;
    return row?.server_version ?? '';
  } finally {
    await database.stop();
  }
}
