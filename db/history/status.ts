import type postgres from 'postgres';
import type { Micros } from '../domain/types.ts';
import { PARTITIONED_TABLES, type PartitionedTable } from './partitions.ts';
import type { HistoryStateStore } from './state.ts';

export interface HistoryStatus {
  /** Raw readings, and summaries of minutes, from before this have been dropped; null: none have. */
  rawFrom: Micros | null;
  minutesFrom: Micros | null;
  /** Summaries of all hours before this have been made. */
  summedUpBefore: Micros;
  /** Marks of hours of widgets whose summaries are to be made anew. */
  lateHours: number;
  /** Days with packed readings, and days with a partition of plain rows. */
  packedDays: number;
  plainDays: number;
  /** With indexes. */
  bytes: Record<PartitionedTable, number>;
}

/** How far the keeping of history has come, and the room that it takes. */
export async function historyStatus(sql: postgres.Sql, state: HistoryStateStore): Promise<HistoryStatus> {
  const { rawFrom, minutesFrom, rolledBefore, partitions } = await state.load();
  const [late] = await sql.unsafe<{ marks: number }[]>('select count(*)::float8 as marks from late_hours');
  const bytes: Record<PartitionedTable, number> = {
    readings: 0,
    chunks: 0,
    minute_rollups: 0,
    hour_rollups: 0,
  };
  for (const table of PARTITIONED_TABLES) {
    // The size of one that is dropped meanwhile is null.
    const [row] = await sql.unsafe<{ bytes: number }[]>(
      `select coalesce(sum(pg_total_relation_size(relid)), 0)::float8 as bytes from pg_partition_tree('${table}')`,
    );
    bytes[table] = row?.bytes ?? 0;
  }
  return {
    rawFrom: rawFrom > 0 ? rawFrom : null,
    minutesFrom: minutesFrom > 0 ? minutesFrom : null,
    summedUpBefore: rolledBefore,
    lateHours: late?.marks ?? 0,
    packedDays: partitions.chunks.size,
    plainDays: partitions.readings.size,
    bytes,
  };
}
