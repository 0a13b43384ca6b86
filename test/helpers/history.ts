import type { TestContext } from 'node:test';
import type postgres from 'postgres';
import { createClock } from '../../db/domain/clock.ts';
import type { NewEvent } from '../../db/domain/ports.ts';
import type { Micros, Reading } from '../../db/domain/types.ts';
import { createHistory } from '../../db/history/index.ts';
import { createLeapGuard } from '../../db/history/leap-guard.ts';
import type { Retention } from '../../db/history/retention.ts';
import { createReadingStore } from '../../db/stores/readings.ts';
import { type Kind, silent } from './database.ts';
import { openDatabase } from './open-database.ts';

export const FOR_EVER: Retention = { raw: null, minute: null, hour: null };

/** Rows of widgets, so that there is something whose history is kept. Gives their ids. */
export async function makeWidgets(sql: postgres.Sql, count: number): Promise<number[]> {
  await sql`insert into devices (device_id, name, type) values ('d', 'd', 't')`;
  await sql`insert into capabilities (device_pk, capability_type, control_type)
    select pk, 'c' || i, 'sensor' from devices, generate_series(1, ${count}::text::int) i`;
  await sql`insert into widgets (device_pk, capability_id, name, status)
    select device_pk, id, capability_type, 'include' from capabilities order by id`;
  const rows = await sql<{ id: number }[]>`select id from widgets order by id`;
  return rows.map(({ id }) => id);
}

export interface HistoryOptions {
  /** Microseconds. */
  now: Micros;
  keep?: Retention;
  /** See `PackerDeps`. */
  small?: number;
}

/** History on a database of its own, with a clock that the test moves. */
export async function openHistory(
  t: TestContext,
  kind: Kind,
  { now, keep = FOR_EVER, small = 0 }: HistoryOptions,
) {
  const { sql, ...rest } = await openDatabase(t, kind);
  await sql`update history_state set claimed_before = to_timestamp(0), rolled_before = to_timestamp(0)`;
  const time = { now, monotonic: 0 };
  const events: NewEvent[] = [];
  const dropped = { retention: 0, disk: 0 };
  const clock = createClock(() => time.now / 1000, 0);
  const eventLog = {
    record: (event: NewEvent) => {
      events.push(event);
      return true;
    },
  };
  /** As a process that starts: nothing is known but what the database holds. */
  const start = (over: postgres.Sql = sql) =>
    createHistory({
      sql: over,
      clock,
      keep,
      log: silent,
      dropped: {
        record: (reason, { day, readings }) => {
          dropped[reason] += readings;
          eventLog.record({ kind: 'history_dropped', actor: 'system', detail: { reason, day, readings } });
        },
      },
      leaps: createLeapGuard({ sql: over, events: eventLog, log: silent, monotonic: () => time.monotonic }),
      monotonic: () => time.monotonic,
      small,
      busy: () => false,
      shared: null,
    });
  const history = start();
  const store = (...readings: Reading[]) =>
    createReadingStore(sql, history.state).commit(readings.map((reading) => [reading]));
  return { sql, ...rest, time, events, dropped, start, history, store };
}
