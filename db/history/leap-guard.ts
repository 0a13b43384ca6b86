import type postgres from 'postgres';
import type { EventLog, Log } from '../domain/ports.ts';

const HOUR_MS = 3_600_000;
const LEAP_MS = 7 * 24 * HOUR_MS;
const WAIT_MS = 24 * HOUR_MS;
const KEPT = 'retention_ran';

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
  /** Another node may have dropped things meanwhile: what it kept is read anew. */
  forget(): void;
}

/** What is kept of it over restarts: milliseconds. */
interface Kept {
  /** When things could be dropped the last time. */
  ran: number;
  /** How long the server has run since the clock leapt; 0: it has not. */
  waited: number;
}

/**
 * A clock that runs years ahead makes all that is stored look old. After a leap by more than a week since things could be
 * dropped the last time, nothing is until the server has run for a day: by then a wrong clock has been set right.
 */
export function createLeapGuard({ sql, events, log, monotonic }: LeapGuardDeps): LeapGuard {
  let kept: Kept | null = null;
  /** Until when the waiting so far is counted. */
  let counted: number | null = null;
  let told = false;

  const last = async (): Promise<Kept | null> => {
    const [row] = await sql<
      Kept[]
    >`select (value->>'ran')::float8 as ran, (value->>'waited')::float8 as waited
      from meta where key = ${KEPT}`;
    return row ?? null;
  };
  const keep = async (next: Kept) => {
    const value = JSON.stringify({ ran: Math.round(next.ran), waited: Math.round(next.waited) });
    await sql`insert into meta (key, value) values (${KEPT}, ${value}::text::jsonb)
      on conflict (key) do update set value = excluded.value`;
    kept = next;
  };

  /** How long it has waited by now. Not written each time: on an SD card every row that is written again counts. */
  const wait = async (since: Kept): Promise<number> => {
    counted ??= monotonic();
    const waited = since.waited + monotonic() - counted;
    if (waited - since.waited > HOUR_MS / 4 || since.waited === 0) {
      counted = monotonic();
      await keep({ ran: since.ran, waited: Math.max(waited, 1) });
    }
    return waited;
  };

  return {
    forget: () => {
      kept = null;
      counted = null;
      told = false;
    },
    mayDrop: async (now) => {
      kept ??= await last();
      if (kept !== null && Math.abs(now - kept.ran) > LEAP_MS) {
        if (!told && kept.waited === 0) {
          const detail = { since: new Date(kept.ran).toISOString(), now: new Date(now).toISOString() };
          events.record({ kind: 'history_waits', actor: 'system', detail });
          log.warn(
            detail,
            'the clock has leapt: nothing is dropped for its age for a day, in case it is wrong',
          );
        }
        told = true;
        if ((await wait(kept)) < WAIT_MS) return false;
      }
      counted = null;
      told = false;
      if (kept === null || kept.waited > 0 || Math.abs(now - kept.ran) > HOUR_MS)
        await keep({ ran: now, waited: 0 });
      return true;
    },
  };
}
