import type postgres from 'postgres';
import type { Micros } from '../domain/types.ts';
import {
  listPartitions,
  makePartition,
  type PartitionedTable,
  type Partitions,
  spanOf,
} from './partitions.ts';
import { sqlMicros, sqlTime } from './spans.ts';

/**
 * How far the keeping of history has come: the one row of `history_state`, and the partitions that there are. Who stores
 * readings does it under the `version` that it knows, and takes the row FOR SHARE: so whatever changes what a reading's
 * place is waits for those under way, and is noticed by those that follow, on every node.
 */
export interface HistoryState {
  version: number;
  /** Summaries of hours before this may be made at any time: a reading that comes later marks its hour as late. */
  claimedBefore: Micros;
  /** Summaries of all hours before this have been made. */
  rolledBefore: Micros;
  /** Raw readings before this have been dropped. */
  rawFrom: Micros;
  /** Summaries of minutes before this have been dropped. */
  minutesFrom: Micros;
  partitions: Partitions;
}

const epoch = (column: string) => `${sqlMicros(column)} as ${column}`;
const COLUMNS = `version::float8 as version, ${['claimed_before', 'rolled_before', 'raw_from', 'minutes_from'].map(epoch).join(', ')}`;

interface StateRow {
  version: number;
  claimed_before: Micros;
  rolled_before: Micros;
  raw_from: Micros;
  minutes_from: Micros;
}

const stateOf = (row: StateRow, partitions: Partitions): HistoryState => ({
  version: row.version,
  claimedBefore: row.claimed_before,
  rolledBefore: row.rolled_before,
  rawFrom: row.raw_from,
  minutesFrom: row.minutes_from,
  partitions,
});

export function createHistoryState(sql: postgres.Sql) {
  let known: HistoryState | null = null;

  const load = async (): Promise<HistoryState> => {
    // First the version: partitions that change after it are noticed by whoever stores under it.
    const [row] = await sql.unsafe<StateRow[]>(`select ${COLUMNS} from history_state`);
    if (row === undefined) throw new Error('the table history_state is empty: restore a backup');
    const read = stateOf(row, await listPartitions(sql));
    // Another one, begun later, may have come first.
    if (known === null || known.version <= read.version) known = read;
    return known;
  };

  const current = async (): Promise<HistoryState> => known ?? load();

  const isCurrent = async ({ version }: HistoryState): Promise<boolean> => {
    const [row] = await sql.unsafe<{ version: number }[]>(
      'select version::float8 as version from history_state',
    );
    return row?.version === version;
  };

  return {
    /** As it was last read; whoever writes finds out whether that still holds. */
    current,
    load,
    /** The same without waiting; null before the first time. */
    peek: () => known,

    isCurrent,

    /** As it is now: read whole only if it is another one. */
    async fresh(): Promise<HistoryState> {
      const last = await current();
      return (await isCurrent(last)) ? last : load();
    },

    /** Makes the partition for a time unless it is known to be there. */
    async ensure(table: PartitionedTable, at: Micros): Promise<void> {
      const { start } = spanOf(table, at);
      if ((await current()).partitions[table].has(start)) return;
      await makePartition(sql, table, at);
      await load();
    },

    /** Waits for those who store readings just now; whoever comes later does it under the new state. */
    async change(set: Partial<Record<Exclude<keyof StateRow, 'version'>, Micros>>): Promise<void> {
      const columns = Object.entries(set).map(([column, at]) => `${column} = ${sqlTime(at)}`);
      const [row] = await sql.unsafe<StateRow[]>(
        `update history_state set version = version + 1, ${columns.join(', ')} returning ${COLUMNS}`,
      );
      // Nothing else has changed since, the partitions neither.
      if (row !== undefined && known !== null && row.version === known.version + 1) {
        known = stateOf(row, known.partitions);
      } else await load();
    },
  };
}

export type HistoryStateStore = ReturnType<typeof createHistoryState>;
