import type { Config } from '../config/index.ts';
import { monotonic } from '../db/domain/time.ts';
import { createDroppedHistory } from '../db/history/dropped.ts';
import { createHistory } from '../db/history/index.ts';
import { createLeapGuard } from '../db/history/leap-guard.ts';
import { createLoad } from '../db/history/pace.ts';
import type { Foundation } from './foundation.ts';

/** What is done with readings once they are stored, with what it tells of and what it rests for. */
export async function openHistory({ foundation, config }: { foundation: Foundation; config: Config }) {
  const { part, sql, clock, metrics, eventLog } = foundation;
  const log = part('history');
  const leaps = createLeapGuard({ sql, events: eventLog, log, monotonic });
  const load = createLoad(monotonic);
  const dropped = createDroppedHistory({ registry: metrics, events: eventLog, log });
  const history = createHistory({
    ...{ sql, clock, keep: config.retention, log, dropped, leaps, monotonic },
    busy: load.busy,
  });
  await history.state.load();
  return { history, leaps, load, dropped };
}
