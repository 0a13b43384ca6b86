import type postgres from 'postgres';
import type { EventLog, Log } from '../domain/ports.ts';

const HOUR_MS = 3_600_000;
const LEAP_MS = 7 * 24 * HOUR_MS;
const WAIT_MS = 24 * HOUR_MS;
const KEPT = 'retention_ran_at';

export interface LeapGuardDeps {
  sql: postgres.Sql;
  events: EventLog;
  log: Log;
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
}

export interface LeapGuard {
  /** May things be dropped for their age by this clock (milliseconds)? */
  mayDrop(now: number): Promise<boolean>;
}

/**
 * A clock that runs years ahead makes all that is stored look old. After a leap by more than a week since things were
 * dropped the last time, nothing is for a day: by then a wrong clock has been set right.
 */
export function createLeapGuard({ sql, events, log, monotonic }: LeapGuardDeps): LeapGuard {
  let waitingSince: number | null = null;
  let kept: number | null = null;

  const last = async (): Promise<number | null> => {
    const [row] = await sql<{ value: number }[]>`select value::float8 as value from meta where key = ${KEPT}`;
    return row?.value ?? null;
  };
  const keep = async (now: number) => {
    kept = now;
    await sql`insert into meta (key, value) values (${KEPT}, ${String(Math.round(now))}::text::jsonb)
      on conflict (key) do update set value = excluded.value`;
  };

  return {
    mayDrop: async (now) => {
      kept ??= await last();
      if (kept !== null && Math.abs(now - kept) > LEAP_MS) {
        if (waitingSince === null) {
          waitingSince = monotonic();
          const detail = { since: new Date(kept).toISOString(), now: new Date(now).toISOString() };
          events.record({ kind: 'history_waits', actor: 'system', detail });
          log.warn(
            detail,
            'the clock has leapt: nothing is dropped for its age for a day, in case it is wrong',
          );
        }
        if (monotonic() - waitingSince < WAIT_MS) return false;
      }
      waitingSince = null;
      // Not each time: on an SD card every row that is written again counts.
      if (kept === null || Math.abs(now - kept) > HOUR_MS) await keep(now);
      return true;
    },
  };
}
