import { type ConnectTarget, connect } from '../../db/client.ts';
import { createClock } from '../../db/domain/clock.ts';
import { monotonic } from '../../db/domain/time.ts';
import type { Micros } from '../../db/domain/types.ts';
import { startEmbedded } from '../../db/embedded/index.ts';
import { createHistory } from '../../db/history/index.ts';
import { migrate } from '../../db/migrate.ts';
import { silent } from '../../test/helpers/database.ts';
import { startPostgres } from '../../test/helpers/postgres.ts';
import { Server } from '../../test/helpers/server.ts';
import type { Kind } from './options.ts';
import { say } from './progress.ts';

const FOR_EVER = { raw: null, minute: null, hour: null };
const ENV = {
  LOG_LEVEL: 'error',
  RETENTION_RAW: 'forever',
  RETENTION_MINUTE: 'forever',
  RETENTION_HOUR: 'forever',
};

export type OnEnd = (end: () => Promise<void> | void) => void;

export interface HistoryOptions {
  /** Milliseconds. */
  now?: () => number;
  busy?: () => boolean;
}

/** A migrated, empty database of its own, on which the program itself can be started afterwards. */
export async function openBenchDatabase(kind: Kind, onEnd: OnEnd) {
  // Whatever interrupts the start itself waits for it.
  const starting = kind === 'local' ? startPostgres() : null;
  onEnd(async () => (await starting?.catch(() => null))?.dispose());
  const databaseUrl = (await starting)?.url ?? null;
  const server = new Server({ databaseUrl, env: ENV, fresh: true });
  onEnd(() => server.dispose());

  let stopEmbedded = async () => {};
  let target: ConnectTarget;
  if (databaseUrl === null) {
    // Every question that follows fails then, and so does the benchmark.
    const onCrash = (error: Error) => say(`the embedded database ended: ${error.message}`);
    const starting = startEmbedded({ dataDir: server.dataDir, log: silent, onCrash });
    stopEmbedded = async () => (await starting.catch(() => null))?.stop();
    onEnd(() => stopEmbedded());
    const embedded = await starting;
    target = { socketPath: embedded.socketPath };
  } else target = { url: databaseUrl };
  await migrate(target, silent);
  const { sql, close } = connect(target, silent);

  let open = true;
  /** Leaves the database to the program. */
  const release = async () => {
    if (!open) return;
    open = false;
    await close();
    await stopEmbedded();
  };
  onEnd(release);
  // What is filled in is older than the database.
  await sql`update history_state set claimed_before = to_timestamp(0), rolled_before = to_timestamp(0)`;

  return {
    kind,
    sql,
    server,
    release,

    /** Wired as the program does it. */
    history: ({ now = Date.now, busy = () => false }: HistoryOptions = {}) =>
      createHistory({
        sql,
        clock: createClock(now, 0),
        keep: FOR_EVER,
        log: silent,
        dropped: { record: () => {} },
        leaps: { mayDrop: async () => true, forget: () => {} },
        monotonic,
        busy,
        shared: null,
      }),

    /** Adds widgets to a device, which is made when it is not there. Gives their ids. */
    async addWidgets(deviceId: string, count: number): Promise<number[]> {
      await sql`insert into devices (device_id, name, type) values (${deviceId}, ${deviceId}, 'bench')
        on conflict (device_id) do nothing`;
      const made = await sql<{ id: number }[]>`
        with made as (
          insert into capabilities (device_pk, capability_type, control_type, unit)
          select pk, 'temperature-' || i + (select count(*) from capabilities c where c.device_pk = pk), 'sensor', '°C'
          from devices, generate_series(1, ${count}::text::int) i where device_id = ${deviceId}
          returning id, device_pk, capability_type
        )
        insert into widgets (device_pk, capability_id, name, status)
        select device_pk, id, capability_type, 'include' from made returning id`;
      return made.map(({ id }) => id).sort((a, b) => a - b);
    },

    /** Bytes of a table with its partitions, indexes and what is stored out of line. */
    async bytesOf(table: string): Promise<number> {
      const [row] = await sql.unsafe<{ bytes: number }[]>(
        `select coalesce(sum(pg_total_relation_size(relid)), 0)::float8 as bytes from pg_partition_tree('${table}')`,
      );
      return row?.bytes ?? 0;
    },
  };
}

export type BenchDatabase = Awaited<ReturnType<typeof openBenchDatabase>>;

export const toMicros = (milliseconds: number): Micros => milliseconds * 1000;
