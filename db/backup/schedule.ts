import { statSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { EventLog, Log } from '../domain/ports.ts';
import type { BackupReport } from '../domain/system.ts';
import type { ChildBackup } from './in-child.ts';
import { listBackups, rotate } from './rotation.ts';

const LOOK_EVERY_MS = 60_000;
/** Not among the first things after a start, when devices come back. */
const FIRST_MS = 15 * 60_000;
const RETRY_MS = 3_600_000;

export interface BackupsDeps {
  folder: string;
  /** null: never. */
  everyMs: number | null;
  keep: number;
  /** Rejects when there is no new backup; nothing is left of it then. */
  run: (signal: AbortSignal) => Promise<ChildBackup>;
  /** Is it this node's to do? */
  leads: () => boolean;
  clock: { now(): number; trusted(): boolean };
  /** Milliseconds that no clock adjustment moves. */
  monotonic: () => number;
  registry: Registry;
  events: EventLog;
  log: Log;
}

export interface Backups {
  start(): void;
  stop(): Promise<void>;
  /** Makes one if it is time; resolves when it has been made, or has failed. */
  look(): Promise<void>;
  report(): BackupReport;
}

/** Makes a backup now and then, keeps the newest, and tells when there is none. */
export function createBackups(deps: BackupsDeps): Backups {
  const { folder, everyMs, keep, run, leads, clock, monotonic, registry, events, log } = deps;
  const stopping = new AbortController();
  const began = monotonic();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let lastDone: number | null = null;
  let notBefore = began + FIRST_MS;
  let durationMs: number | null = null;
  let failed = false;
  const failures = new Counter({
    name: 'pm_iot_backup_failures_total',
    help: 'Scheduled backups that have failed',
    registers: [registry],
  });

  const newest = () => {
    try {
      return listBackups(folder).at(-1) ?? null;
    } catch {
      return null;
    }
  };
  const sizeOfNewest = () => statSync(newest()?.path ?? '', { throwIfNoEntry: false })?.size ?? null;

  const isDue = (): boolean => {
    if (everyMs === null || !leads() || monotonic() < notBefore) return false;
    if (lastDone !== null) return monotonic() - lastDone >= everyMs;
    const last = newest();
    if (last === null) return true;
    // A box without a clock of its own makes one after it has run for so long.
    if (!clock.trusted()) return monotonic() - began >= everyMs;
    const age = clock.now() - last.at.getTime();
    return age >= everyMs || age < 0;
  };

  const make = async () => {
    const started = monotonic();
    try {
      const { path, bytes, rows } = await run(stopping.signal);
      lastDone = monotonic();
      durationMs = lastDone - started;
      failed = false;
      const removed = rotate(folder, keep);
      log.info({ path, bytes, rows, ms: Math.round(durationMs), removed: removed.length }, 'backup made');
    } catch (error) {
      if (stopping.signal.aborted) return;
      notBefore = monotonic() + RETRY_MS;
      failed = true;
      failures.inc();
      log.error(
        { err: error, folder },
        'no backup was made: older ones are kept, and it is tried again in an hour',
      );
      events.record({ kind: 'backup_failed', actor: 'system', detail: {} });
    }
  };

  const look = async () => {
    if (running !== null || !isDue()) return;
    running = make().finally(() => {
      running = null;
    });
    await running;
  };

  const gauge = (name: string, help: string, value: () => number | null) =>
    new Gauge({
      ...{ name, help, registers: [registry], aggregator: 'max' },
      collect() {
        this.set(value() ?? 0);
      },
    });
  if (everyMs !== null) {
    gauge(
      'pm_iot_backup_last_success_timestamp_seconds',
      'When the newest backup in BACKUP_DIR was made, in seconds since 1970; 0: there is none',
      () => (newest()?.at.getTime() ?? 0) / 1000,
    );
    gauge('pm_iot_backup_interval_seconds', 'Time between two backups (BACKUP_EVERY)', () => everyMs / 1000);
    gauge(
      'pm_iot_backup_size_bytes',
      'Size of the newest backup in BACKUP_DIR; 0: there is none',
      sizeOfNewest,
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
      await running;
    },
    look,
    report: () => ({ everyMs, keep, lastAt: newest()?.at ?? null, bytes: sizeOfNewest(), failed }),
  };
}
