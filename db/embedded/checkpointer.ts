import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { isUnavailable } from '../client.ts';
import type { Log } from '../domain/ports.ts';
import { CHECKPOINT_AFTER_BYTES } from './start-params.ts';

const LOOK_EVERY_MS = 1000;
/** WAL after which nobody can put a checkpoint off any more: the disk must not be filled by a copy that never ends. */
const MOST_PUT_OFF_BYTES = 8 * CHECKPOINT_AFTER_BYTES;

/**
 * A single backend has no checkpointer: without this the WAL of a running process grows for ever, whatever
 * `max_wal_size` says. By size alone, so that an idle box writes nothing. `putOff`: somebody copies the files, and needs the
 * WAL from the last checkpoint on.
 */
export function createCheckpointer({
  sql,
  log,
  putOff = async () => false,
}: {
  sql: postgres.Sql;
  log: Log;
  putOff?: () => Promise<boolean>;
}) {
  const stopping = new AbortController();
  let running: Promise<void> | null = null;

  const look = async () => {
    const [wal] = await sql<{ bytes: number }[]>`
      select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`;
    if (wal === undefined || wal.bytes < CHECKPOINT_AFTER_BYTES) return;
    if (wal.bytes < MOST_PUT_OFF_BYTES && (await putOff())) return;
    const started = performance.now();
    await sql`checkpoint`.simple();
    log.debug({ bytes: wal.bytes, ms: Math.round(performance.now() - started) }, 'checkpoint');
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      try {
        await look();
      } catch (error) {
        log[isUnavailable(error) ? 'debug' : 'warn']({ err: error }, 'a checkpoint failed: trying again');
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };

  return {
    start(): void {
      running = run();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
