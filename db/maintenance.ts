import type postgres from 'postgres';
import type { Clock } from './domain/clock.ts';
import type { Log } from './domain/ports.ts';
import { purgeWidget } from './history/purge.ts';

const WATERMARK = 'clock_watermark';
const EVERY_MS = 15_000;
/** Readings that were under way as their device was removed are stored before its readings are purged. */
const PURGE_AFTER = '1 minute';

/** The time of the newest reading that an earlier run stored (milliseconds), 0 when there was none. */
export async function readWatermark(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<
    { value: number }[]
  >`select value::float8 as value from meta where key = ${WATERMARK}`;
  return row?.value ?? 0;
}

export interface MaintenanceDeps {
  sql: postgres.Sql;
  clock: Clock;
  log: Log;
}

/** What the database needs now and then: the clock's watermark, and the readings of removed devices taken away. */
export function createMaintenance({ sql, clock, log }: MaintenanceDeps) {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> | null = null;

  const keepWatermark = async () => {
    const value = String(clock.watermark());
    await sql`insert into meta (key, value) values (${WATERMARK}, ${value}::text::jsonb)
      on conflict (key) do update set value = excluded.value
      where meta.value is distinct from excluded.value`;
  };

  const purge = async () => {
    while (!stopped) {
      const [due] = await sql<{ widgetId: number }[]>`select widget_id as "widgetId" from purges
        where requested_at < now() - ${PURGE_AFTER}::text::interval limit 1`;
      if (due === undefined) return;
      await purgeWidget(sql, due.widgetId, () => stopped);
    }
  };

  const run = async () => {
    try {
      await keepWatermark();
      await purge();
    } catch (error) {
      log.warn({ err: error }, 'database maintenance failed: trying again');
    }
  };

  return {
    start(): void {
      timer = setInterval(() => {
        running ??= run().finally(() => {
          running = null;
        });
      }, EVERY_MS);
    },
    async stop(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await running;
      await keepWatermark().catch((error: unknown) => {
        log.warn({ err: error }, 'the time of this run could not be kept');
      });
    },
  };
}
