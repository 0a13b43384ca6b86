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
import { createTurns, type Turns } from './turns.ts';

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
  /** Among other nodes; null: no other process works on this database. */
  shared: SharedHistory | null;
}

export interface SharedHistory {
  /** Is it this node that keeps history? */
  leads: () => boolean;
  turns: Turns;
  /** Tells the one that does that there is something to do. */
  wakeLeader: () => void;
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
  shared,
}: HistoryDeps) {
  const stopping = new AbortController();
  const ending = () => stopping.signal.aborted;
  const leads = () => shared?.leads() ?? true;
  const stopped = () => ending() || !leads();
  const state = createHistoryState(sql);
  const source = createRowSource(sql);
  const turns = shared?.turns ?? createTurns();
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
    stopped,
    ending,
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
  const keeper = createHistoryKeeper({ state, roller, packer, retention, clock, log, leads, stopping });
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
      if (shared === null || leads()) keeper.wake();
      else shared.wakeLeader();
      return hours;
    },
    status: () => historyStatus(sql, state),
    // What others have stored or packed since is found too.
    queries: createHistoryStore(sql, { current: shared === null ? state.current : state.fresh }),
    importer,
    dropOldestDay: () => retention.dropOldestDay(now()),
    roller,
    packer,
    retention,
    keeper,
  };
}

export type HistoryService = ReturnType<typeof createHistory>;
