import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { isCopied } from '../db/backup/embedded-copy.ts';
import { builtAt } from '../db/built-at.ts';
import { connect, POOL_SIZE } from '../db/client.ts';
import { openDataDir } from '../db/data-dir.ts';
import { createClock } from '../db/domain/clock.ts';
import { createCoarse } from '../db/domain/coarse.ts';
import { createCheckpointer } from '../db/embedded/checkpointer.ts';
import { createEventLog } from '../db/event-log.ts';
import { createFlowMeter } from '../db/flow-meter.ts';
import { readWatermark } from '../db/maintenance.ts';
import { measureFlows } from '../db/metrics/flows.ts';
import { createPoolMeter } from '../db/metrics/pool.ts';
import { createQueueMeter } from '../db/metrics/queues.ts';
import { createRegistry } from '../db/metrics/registry.ts';
import { openDatabase } from '../db/open.ts';
import { createEventStore } from '../db/stores/events.ts';
import { openLocks } from './locks.ts';
import { careForUpgrade } from './upgrade.ts';

/** What is to be done when the program ends; the last one first. */
export type OnStop = (stop: () => Promise<void> | void) => void;

export interface FoundationDeps {
  config: Config;
  log: Logger;
  onStop: OnStop;
  /** Something without which nothing can be stored has ended. */
  onFatal: (error: Error) => void;
}

/** A file beside the compiled program. */
export const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The built program lies in `dist/server`, package.json two folders above. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(here('../../package.json'), 'utf8')) as { version: string };
  return version;
}

/** What everything else stands on: the folder, the database, the clock, and what is counted and told. */
export async function openFoundation({ config, log, onStop, onFatal }: FoundationDeps) {
  const part = (name: string) => log.child({ part: name });
  const { dataDir, release } = await openFolder(config);
  onStop(release);
  // Before anything is changed: nobody else may be at work on it.
  const locks = await openLocks({ config, log: part('locks'), onStop, onFatal });
  const database = await openDatabase({
    dataDir,
    url: config.databaseUrl,
    log: part('db'),
    onCrash: onFatal,
    care: careForUpgrade({ config, dataDir, version: packageVersion(), log: part('upgrade') }),
  });
  onStop(database.stop);
  const metrics = createRegistry();
  const poolSize = 'folder' in database.target ? 1 : POOL_SIZE;
  const { measured } = createPoolMeter(metrics, poolSize);
  const { sql, db, close } = connect(database.target, part('db'), poolSize, { measured });
  onStop(close);
  if ('folder' in database.target) {
    const checkpointer = createCheckpointer({ sql, log: part('db'), putOff: () => isCopied(dataDir) });
    checkpointer.start();
    onStop(checkpointer.stop);
  }

  const clock = createClock(Date.now, Math.max(builtAt(), await readWatermark(sql)), { built: builtAt() });
  const { now } = clock;
  if (!clock.trusted()) {
    const detail = { now: new Date(), taken: new Date(now()) };
    log.warn(
      detail,
      'the clock of this machine is wrong: the time that was known last is taken until it is set',
    );
  }
  const flows = measureFlows(createFlowMeter(createCoarse(now)), metrics);
  const events = createEventStore(db);
  const eventLog = createEventLog({ store: events, log: part('events'), now });
  eventLog.start();
  onStop(eventLog.stop);
  /** Tells this run from every other one. */
  const nodeId = randomBytes(6).toString('hex');
  return {
    nodeId,
    part,
    now,
    dataDir,
    locks,
    database,
    sql,
    db,
    clock,
    metrics,
    queues: createQueueMeter(metrics),
    flows,
    events,
    eventLog,
  };
}

/** Workers share the folder that their parent has locked. */
async function openFolder({ dataDir, worker }: Config) {
  if (worker !== null) return { dataDir: resolve(dataDir), release: () => {} };
  const { path, release } = await openDataDir(dataDir);
  return { dataDir: path, release };
}

export type Foundation = Awaited<ReturnType<typeof openFoundation>>;
