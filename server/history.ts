import type { Config } from '../config/index.ts';
import { monotonic } from '../db/domain/time.ts';
import { createUpkeep } from '../db/embedded/upkeep.ts';
import { createEventRetention } from '../db/event-retention.ts';
import { createDroppedHistory } from '../db/history/dropped.ts';
import { createHistory } from '../db/history/index.ts';
import { createLeapGuard } from '../db/history/leap-guard.ts';
import { createLoad } from '../db/history/pace.ts';
import { createPurge } from '../db/history/purge.ts';
import { createMaintenance } from '../db/maintenance.ts';
import type { OpenCluster } from './cluster.ts';
import type { Foundation } from './foundation.ts';

/** To the node that keeps history: there is something to do. */
const WAKE = 'history';

export interface OpenHistoryDeps {
  foundation: Foundation;
  config: Config;
  /** null: this node is alone. */
  cluster: Pick<OpenCluster, 'leader' | 'notices' | 'turns'> | null;
  onStop: (stop: () => Promise<void> | void) => void;
}

/** What is done with what is stored once it is: summaries, packing, retention, and what the database needs now and then. */
export async function openHistory({ foundation, config, cluster, onStop }: OpenHistoryDeps) {
  const { part, sql, clock, metrics, eventLog } = foundation;
  const log = part('history');
  const leads = () => cluster?.leader.holds('upkeep') ?? true;
  const leaps = createLeapGuard({ sql, events: eventLog, log, monotonic });
  const load = createLoad(monotonic);
  const dropped = createDroppedHistory({ registry: metrics, events: eventLog, log });
  const history = createHistory({
    ...{ sql, clock, keep: config.retention, log, dropped, leaps, monotonic },
    busy: load.busy,
    shared: cluster && {
      leads,
      turns: cluster.turns,
      wakeLeader: () => cluster.notices.send(WAKE, null),
    },
  });
  await history.state.load();
  const embedded = config.databaseUrl === null;
  const retention = createEventRetention({
    ...{ sql, clock, leaps, registry: metrics },
    keepMs: config.retentionEventsMs,
    vacuum: embedded,
  });
  const maintenance = createMaintenance({
    ...{ sql, clock, log: part('maintenance') },
    leads,
    chores: [createPurge(sql), retention, ...(embedded ? [createUpkeep(sql, monotonic)] : [])],
  });
  return {
    history,
    load,
    dropped,
    /** Once what it works on is being filled. */
    start: () => {
      maintenance.start();
      onStop(maintenance.stop);
      history.keeper.start();
      onStop(history.keeper.stop);
      cluster?.leader.onTaken('upkeep', () => {
        leaps.forget();
        history.keeper.wake();
      });
      cluster?.notices.on(WAKE, () => history.keeper.wake());
      cluster?.leader.stand('upkeep');
      cluster?.leader.start();
    },
  };
}
