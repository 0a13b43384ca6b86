import type postgres from 'postgres';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from './domain/clock.ts';
import type { LeapGuard } from './history/leap-guard.ts';
import type { Chore } from './maintenance.ts';

/** Rows of one step: short enough for the one backend of the embedded database. */
const STEP_ROWS = 2000;
/** Deleted rows that are worth looking through the indexes. */
const VACUUM_ROWS = 1000;

export interface EventRetentionDeps {
  sql: postgres.Sql;
  clock: Clock;
  leaps: LeapGuard;
  /** RETENTION_EVENTS; null: for ever. */
  keepMs: number | null;
  /** Nobody else frees the room of deleted rows: the embedded database has no autovacuum. */
  vacuum: boolean;
  registry: Registry;
}

/** Takes away events that are older than they are kept, the oldest first, while the clock can tell their age. */
export function createEventRetention(deps: EventRetentionDeps): Chore {
  const { sql, clock, leaps, keepMs, vacuum, registry } = deps;
  const dropped = new Counter({
    name: 'pm_iot_events_dropped_total',
    help: 'Events deleted because they were older than RETENTION_EVENTS',
    registers: [registry],
  });
  let dead = 0;

  return {
    name: 'event retention',
    step: async () => {
      if (keepMs === null || !clock.trusted() || !(await leaps.mayDrop(clock.now()))) return false;
      const oldest = new Date(clock.now() - keepMs).toISOString();
      const { count } = await sql`delete from events where ctid = any(array(
        select ctid from events where at < ${oldest}::text::timestamptz order by at, id limit ${STEP_ROWS}))`;
      dropped.inc(count);
      dead += count;
      if (count === STEP_ROWS) return true;
      if (vacuum && dead >= VACUUM_ROWS) {
        await sql`vacuum events`;
        dead = 0;
      }
      return false;
    },
  };
}
