import type postgres from 'postgres';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/ports.ts';
import type { Importer } from '../domain/services.ts';
import type { Micros } from '../domain/types.ts';
import { createReadingStore } from '../stores/readings.ts';
import type { DroppedHistory } from './dropped.ts';
import { createImporter } from './importer.ts';
import { createHistoryKeeper } from './keeper.ts';
import type { LeapGuard } from './leap-guard.ts';
import { createPace } from './pace.ts';
import { createPacker, PACK_AFTER } from './packer.ts';
import { createHistoryStore, type Range } from './query/index.ts';
import { markForRebuild } from './rebuild.ts';
import { createRetention, type Retention } from './retention.ts';
import { createRoller } from './roller.ts';
import { createRowSource } from './rows.ts';
import { createHistoryState } from './state.ts';
import { historyStatus } from './status.ts';
import { createTurns } from './turns.ts';

export interface HistoryDeps {
  sql: postgres.Sql;
  clock: Clock;
  keep: Retention;
  log: Log;
  dropped: DroppedHistory;
  leaps: LeapGuard;
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
  /** See `PackerDeps`. */
  small?: number;
  /** Do devices report so much that background work must rest? */
  busy: () => boolean;
}

/** All that is done with readings once they are stored: summaries, packing, retention, questions, imports. */
export function createHistory({
  small,
  sql,
  clock,
  keep,
  log,
  dropped,
  leaps,
  monotonic,
  busy,
}: HistoryDeps) {
  const stopping = new AbortController();
  const stopped = () => stopping.signal.aborted;
  const state = createHistoryState(sql);
  const source = createRowSource(sql);
  const turns = createTurns();
  const pace = createPace(busy);
  const widgetIds = async () => {
    const rows = await sql<{ id: number }[]>`select id from widgets order by id`;
    return rows.map(({ id }) => id);
  };
  const roller = createRoller({ sql, state, source, turns, widgetIds, pace, stopped, log });
  const packer = createPacker({
    ...{ sql, state, source, roller, turns, widgetIds, pace, stopped, log, monotonic },
    ...(small !== undefined && { small }),
  });
  const retention = createRetention({
    sql,
    state,
    keep,
    log,
    dropped,
    leaps,
    turns,
    settleLate: roller.settleLate,
  });
  const now = () => clock.now() * 1000;
  const importer: Importer = createImporter({
    sql,
    state,
    source,
    readings: createReadingStore(sql, state, log),
    turns,
    packedBefore: () => now() - PACK_AFTER,
    onImport: () => retention.importing(now()),
  });
  const keeper = createHistoryKeeper({ state, roller, packer, retention, clock, log, stopping });
  return {
    state,
    /** Raw readings from before this are not kept, or not any more. */
    rawFrom: (): Micros => {
      const oldest = keep.raw === null ? 0 : (clock.now() - keep.raw) * 1000;
      return Math.max(oldest, state.peek()?.rawFrom ?? 0);
    },
    /** Makes summaries anew where the raw readings are complete; gives the number of hours of widgets. */
    async rebuild(range: Range): Promise<number> {
      const hours = await markForRebuild(sql, state, range);
      keeper.wake();
      return hours;
    },
    status: () => historyStatus(sql, state),
    queries: createHistoryStore(sql, state),
    importer,
    dropOldestDay: () => retention.dropOldestDay(now()),
    roller,
    packer,
    retention,
    keeper,
  };
}

export type HistoryService = ReturnType<typeof createHistory>;
