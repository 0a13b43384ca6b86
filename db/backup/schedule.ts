import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventLog, Log } from '../domain/ports.ts';
import type { BackupReport } from '../domain/system.ts';
import { atMost } from '../domain/within.ts';
import type { ChildBackup } from './in-child.ts';
import { type NewestBackup, newestBackup } from './rotation.ts';

const LOOK_EVERY_MS = 60_000;
/** Not among the first things after a start, when devices come back. */
const FIRST_MS = 15 * 60_000;
const RETRY_MS = 3_600_000;
/** A box without a clock cannot tell how old a backup is: one that is switched off every night is to have some too. */
const WITHOUT_CLOCK_MS = 6 * 3_600_000;
/** For a share that does not answer: of the scheduler, and of whoever wants to know what there is. */
const FOLDER_LIMIT_MS = 30_000;
const TOLD_LIMIT_MS = 500;
const LATE = Symbol('late');

export interface BackupsDeps {
  folder: string;
  /** null: never. */
  everyMs: number | null;
  keep: number;
  /** Makes one, and removes those beyond `keep`. Rejects when there is no new backup; nothing is left of it then. */
  run: (signal: AbortSignal) => Promise<ChildBackup>;
  /** Is it this node's to do? */
  leads: () => boolean;
  clock: { now(): number; trusted(): boolean };
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
  registry: Registry;
  events: EventLog;
  log: Log;
  readNewest?: (folder: string) => Promise<NewestBackup | null>;
}

export interface Backups {
  start(): void;
  stop(): Promise<void>;
  /** Makes one if it is time; resolves when it has been made, or has failed. */
  look(): Promise<void>;
  report(): Promise<BackupReport>;
}

/** Makes a backup now and then, keeps the newest, and tells when there is none. */
export function createBackups(deps: BackupsDeps): Backups {
  const {
    folder,
    everyMs,
    keep,
    run,
    leads,
    clock,
    monotonic,
    registry,
    events,
    log,
    readNewest = newestBackup,
  } = deps;
  const stopping = new AbortController();
  const began = monotonic();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let making: Promise<void> | null = null;
  let newest: NewestBackup | null = null;
  let reading: Promise<void> | null = null;
  let lastDone: number | null = null;
  let notBefore = began + FIRST_MS;
  let durationMs: number | null = null;
  let failed = false;
  const failures = new Counter({
    name: 'pm_iot_backup_failures_total',
    help: 'Scheduled backups that have failed',
    registers: [registry],
  });

  /** Once at a time: where the folder is on a share that is gone, each reading holds a thread of this process. */
  const readFolder = (): Promise<void> => {
    const keep = (found: NewestBackup | null) => {
      newest = found;
    };
    reading ??= readNewest(folder)
      .then(keep, () => {})
      .finally(() => {
        reading = null;
      });
    return reading;
  };
  /** As it is now, or was last known. */
  const known = async () => {
    await atMost(TOLD_LIMIT_MS, readFolder(), null);
    return newest;
  };

  const isDue = (): boolean => {
    if (everyMs === null || !leads() || monotonic() < notBefore) return false;
    if (lastDone !== null) return monotonic() - lastDone >= everyMs;
    if (newest === null) return true;
    // A box without a clock of its own makes one after it has run for so long.
    if (!clock.trusted()) return monotonic() - began >= Math.min(everyMs, WITHOUT_CLOCK_MS);
    const age = clock.now() - newest.at.getTime();
    return age >= everyMs || age < 0;
  };

  const make = async () => {
    const started = monotonic();
    try {
      const { path, bytes, rows, removed } = await run(stopping.signal);
      lastDone = monotonic();
      durationMs = lastDone - started;
      failed = false;
      log.info({ path, bytes, rows, ms: Math.round(durationMs), removed }, 'backup made');
    } catch (error) {
      if (!stopping.signal.aborted) fail(error);
    }
  };

  const fail = (error: unknown) => {
    notBefore = monotonic() + RETRY_MS;
    failed = true;
    failures.inc();
    log.error(
      { err: error, folder },
      'no backup was made: older ones are kept, and it is tried again in an hour',
    );
    events.record({ kind: 'backup_failed', actor: 'system', detail: {} });
  };

  const lookOnce = async () => {
    if (everyMs === null || !leads() || monotonic() < notBefore) return;
    if ((await atMost(FOLDER_LIMIT_MS, readFolder(), LATE)) === LATE) {
      return fail(new Error('BACKUP_DIR does not answer: see to its disk, or to the share that it is on'));
    }
    if (stopping.signal.aborted || !isDue()) return;
    making = make();
    await making;
  };

  const look = async () => {
    if (looking) return;
    looking = true;
    await lookOnce().finally(() => {
      looking = false;
    });
  };

  const gauge = (name: string, help: string, value: () => number | null | Promise<number | null>) =>
    new Gauge({
      ...{ name, help, registers: [registry], aggregator: 'max' },
      async collect() {
        this.set((await value()) ?? 0);
      },
    });
  if (everyMs !== null) {
    gauge(
      'pm_iot_backup_last_success_timestamp_seconds',
      'When the newest backup in BACKUP_DIR was made, in seconds since 1970; 0: there is none',
      async () => ((await known())?.at.getTime() ?? 0) / 1000,
    );
    gauge('pm_iot_backup_interval_seconds', 'Time between two backups (BACKUP_EVERY)', () => everyMs / 1000);
    gauge(
      'pm_iot_backup_size_bytes',
      'Size of the newest backup in BACKUP_DIR; 0: there is none',
      async () => (await known())?.bytes ?? null,
    );
    gauge(
      'pm_iot_backup_duration_seconds',
      'How long the last scheduled backup took; 0: none was made since the start',
      () => (durationMs === null ? null : durationMs / 1000),
    );
  }

  return {
    start: () => {
      if (everyMs === null) return;
      timer = setInterval(() => void look(), LOOK_EVERY_MS);
      timer.unref();
    },
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await making;
    },
    look,
    report: async () => {
      const last = await known();
      return { everyMs, keep, lastAt: last?.at ?? null, bytes: last?.bytes ?? null, failed };
    },
  };
}
