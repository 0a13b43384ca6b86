import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Clock } from './domain/clock.ts';
import type { Log } from './domain/ports.ts';

const WATERMARK = 'clock_watermark';
const EVERY_MS = 15_000;
/** Between two steps, for those who wait for the database. */
const PAUSE_MS = 50;

/** The time of the newest reading that an earlier run stored (milliseconds), 0 when there was none. */
export async function readWatermark(sql: postgres.Sql): Promise<number> {
  const [row] = await sql<
    { value: number }[]
  >`select value::float8 as value from meta where key = ${WATERMARK}`;
  return row?.value ?? 0;
}

/** Work on the database that is done little by little. */
export interface Chore {
  name: string;
  /** Statements that are short and may be cut between any two. true: there is more to do now. */
  step(): Promise<boolean>;
}

export interface MaintenanceDeps {
  sql: postgres.Sql;
  clock: Clock;
  log: Log;
  chores: readonly Chore[];
  /** Are the chores this node's to do? */
  leads: () => boolean;
}

/** What the database needs now and then: the clock's watermark, and the `chores` of others. */
export function createMaintenance({ sql, clock, log, chores, leads }: MaintenanceDeps) {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running: Promise<void> | null = null;

  /** Of all nodes the newest. */
  const keepWatermark = async () => {
    const value = String(clock.watermark());
    await sql`insert into meta (key, value) values (${WATERMARK}, ${value}::text::jsonb)
      on conflict (key) do update set value = excluded.value
      where meta.value < excluded.value or ${clock.corrected()}`;
  };

  const tellWatermarkFailed = (error: unknown) => {
    log.warn({ err: error }, 'the time of this run could not be kept');
  };

  const run = async () => {
    await keepWatermark().catch(tellWatermarkFailed);
    for (const { name, step } of chores) {
      // What one of them meets keeps none of the others from their work.
      try {
        while (!stopped && leads() && (await step())) await sleep(PAUSE_MS);
      } catch (error) {
        log.warn({ err: error, chore: name }, 'database maintenance failed: trying again');
      }
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
      await keepWatermark().catch(tellWatermarkFailed);
    },
  };
}
