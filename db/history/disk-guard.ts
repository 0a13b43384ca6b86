import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, Log } from '../domain/ports.ts';
import {
  type Bounds,
  boundsOf,
  type DiskState,
  isNear,
  isOff,
  isUrgent,
  type MinFree,
  nextState,
} from './disk-state.ts';
import type { DroppedDay, DroppedHistory } from './dropped.ts';
import type { Volume } from './volumes.ts';

const LOOK_EVERY_MS = 5000;
const LOOK_CLOSELY_EVERY_MS = 500;
/** Between two days while there is no hurry: a file that another program needs for a minute must not cost the history. */
const PACE_MS = 30_000;
/** When nothing was left to drop: a new day may have begun since. */
const ASK_AGAIN_MS = 60_000;
/** When to drop failed: the database may be away. */
const TRY_AGAIN_MS = 5000;
/** While it stays critical, how often the log says so. */
const REMIND_MS = 5 * 60_000;

export interface DiskGuardDeps {
  volume: Volume;
  minFree: MinFree;
  writer: { hold(): void; release(): void };
  /** Drops the oldest day of raw data, whole, and frees its files. null: only the newest is left. */
  dropOldestDay(): Promise<DroppedDay | null>;
  /** Is it this node's to drop? Others that see the same disk only stop storing when they must. */
  mayDrop: () => boolean;
  dropped: DroppedHistory;
  events: EventLog;
  log: Log;
  /** Milliseconds, of a clock that only goes forward. */
  now: () => number;
}

export interface DiskGuard {
  readonly state: DiskState;
  /** Resolves once the disk was looked at for the first time, and the writer is held if need be. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Keeps the disk of the database from filling: the oldest raw data goes first, and storing stops before the WAL fails. */
export function createDiskGuard(deps: DiskGuardDeps): DiskGuard {
  const { volume, minFree, writer, dropOldestDay, mayDrop, dropped, events, log, now } = deps;
  const stopping = new AbortController();
  let state: DiskState = 'ok';
  let running: Promise<void> | null = null;
  let nextTry = 0;
  let nextDrop = 0;
  let remindAt = 0;
  let failing = false;

  const measure = async () => {
    const { free, size } = await volume.space();
    return { free, size, bounds: boundsOf(minFree, size, await volume.reserve()) };
  };

  /** One day a look: what it gave back is measured before the next one goes. */
  const drop = async (urgent: boolean): Promise<void> => {
    if (!mayDrop() || now() < nextTry || (!urgent && now() < nextDrop)) return;
    nextTry = now() + TRY_AGAIN_MS;
    const day = await dropOldestDay();
    nextTry = day === null ? now() + ASK_AGAIN_MS : 0;
    nextDrop = now() + PACE_MS;
    if (day !== null) dropped.record('disk', day);
  };

  const tell = (before: DiskState, free: number, size: number, bounds: Bounds) => {
    const space = { free, size, needed: Math.ceil(state === 'critical' ? bounds.critical : bounds.low) };
    if (state === 'critical' && (before !== 'critical' || now() >= remindAt)) {
      remindAt = now() + REMIND_MS;
      log.error(
        space,
        'the disk is full and no old readings are left to drop: readings are not stored and devices wait; free some space',
      );
    }
    if (state === before) return;
    events.record({ kind: 'disk_low', actor: 'system', detail: { state, free, size } });
    if (state === 'low') log.warn(space, 'the disk is nearly full: the oldest raw readings go');
    if (state === 'ok') log.info(space, 'there is room on the disk again');
  };

  const look = async (): Promise<number> => {
    const before = state;
    let { free, size, bounds } = await measure();
    state = nextState(before, free, bounds);
    if (state === 'critical') writer.hold();
    if (state !== 'ok') {
      await drop(isUrgent(free, bounds)).catch((error: unknown) =>
        log.warn({ err: error }, 'old readings could not be dropped'),
      );
      ({ free, size, bounds } = await measure());
      state = nextState(state, free, bounds);
    }
    if (state !== 'critical') writer.release();
    tell(before, free, size, bounds);
    return state !== 'ok' || isNear(free, bounds) ? LOOK_CLOSELY_EVERY_MS : LOOK_EVERY_MS;
  };

  const lookSafely = async (): Promise<number> => {
    try {
      const pause = await look();
      failing = false;
      return pause;
    } catch (error) {
      if (!failing) log.error({ err: error }, 'the free space of the disk cannot be told');
      failing = true;
      return LOOK_EVERY_MS;
    }
  };

  const run = async (first: number) => {
    let pause = first;
    while (!stopping.signal.aborted) {
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
      if (!stopping.signal.aborted) pause = await lookSafely();
    }
  };

  return {
    get state() {
      return state;
    },
    start: async () => {
      if (isOff(minFree)) return log.warn({}, 'MIN_FREE_DISK=0: nothing guards the disk');
      running = run(await lookSafely());
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
