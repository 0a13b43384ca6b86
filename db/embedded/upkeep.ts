import type postgres from 'postgres';
import type { Chore } from '../maintenance.ts';
import { isUndefinedTable } from '../stores/violations.ts';

const EVERY_MS = 24 * 3_600_000;
/** Not among the first things after a start, when devices come back. */
const FIRST_MS = 10 * 60_000;
/** Transactions after which a partition, of which nothing is deleted, is looked through. */
const PARTITION_AGE = 50_000_000;

const TABLES = `select c.oid::regclass::text as name from pg_class c
  where c.relkind = 'r' and (not c.relispartition or age(c.relfrozenxid) > ${PARTITION_AGE}) order by c.relpages`;

/**
 * What autovacuum does on a server: the embedded database has none. Room of deleted rows is used again, and old
 * transaction numbers are retired: of those there are two thousand million, which a busy box spends within a year, after
 * which PostgreSQL stores nothing any more. `now`: milliseconds that no clock adjustment moves.
 */
export function createUpkeep(sql: postgres.Sql, now: () => number): Chore {
  let due = now() + FIRST_MS;
  let left: string[] = [];

  /** They hold the number of the oldest transaction back, can be cleaned by nobody, and are needed for nothing here. */
  const dropTemplates = async () => {
    const templates = await sql<{ name: string }[]>`
      select datname as name from pg_database where datname in ('template0', 'template1')`;
    for (const { name } of templates) {
      await sql`update pg_database set datistemplate = false where datname = ${name}`;
      await sql.unsafe(`drop database ${name}`);
    }
  };

  return {
    name: 'upkeep',
    step: async () => {
      if (left.length === 0) {
        if (now() < due) return false;
        due = now() + EVERY_MS;
        left = (await sql.unsafe<{ name: string }[]>(TABLES)).map(({ name }) => name);
      }
      const table = left.shift();
      // One table a step, since nothing else is done meanwhile.
      if (table !== undefined) {
        await sql.unsafe(`vacuum (freeze) ${table}`).catch((error: unknown) => {
          if (!isUndefinedTable(error)) throw error;
        });
      }
      // Last: what it meets keeps nothing from being vacuumed.
      if (left.length === 0) await dropTemplates();
      return left.length > 0;
    },
  };
}
