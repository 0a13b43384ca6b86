import type { Executor } from '../client.ts';
import type { Micros } from '../domain/types.ts';
import { partitionName } from './partitions.ts';

/**
 * To be called first in a transaction that writes packed readings which no device has sent. Who stores readings waits
 * until it ends; where there are plain rows of these days, so that somebody may have looked already whether a reading is
 * packed, they look again. Gives the days (starts) with plain rows.
 */
export async function fence(tx: Executor, days: ReadonlySet<Micros>): Promise<ReadonlySet<Micros>> {
  await tx.unsafe('select 1 from history_state for update');
  const names = new Map([...days].map((day) => [partitionName('readings', day), day]));
  const there = await tx.unsafe<{ name: string }[]>(
    `select relname as name from pg_class where relname in ('${[...names.keys()].join("', '")}')`,
  );
  if (there.length > 0) await tx.unsafe('update history_state set version = version + 1');
  return new Set(there.flatMap(({ name }) => names.get(name) ?? []));
}
