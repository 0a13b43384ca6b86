import { Counter, type Registry } from 'prom-client';
import type { EventLog, Log } from '../domain/ports.ts';

export type DropReason = 'disk' | 'retention';

/** A day of raw readings that is no more. */
export interface DroppedDay {
  /** `2026-01-15` */
  day: string;
  readings: number;
}

export interface DroppedHistory {
  /** Counts it, tells it as an event, logs it. */
  record(reason: DropReason, dropped: DroppedDay): void;
}

/** Raw readings never go silently, whoever drops them. */
export function createDroppedHistory(deps: {
  registry: Registry;
  events: EventLog;
  log: Log;
}): DroppedHistory {
  const counter = new Counter({
    name: 'pm_iot_history_dropped_readings_total',
    help: 'Raw readings that were dropped, by reason: the disk was nearly full, or their retention has ended',
    labelNames: ['reason'],
    registers: [deps.registry],
  });
  for (const reason of ['disk', 'retention'] satisfies DropReason[]) counter.inc({ reason }, 0);
  return {
    record: (reason, { day, readings }) => {
      counter.inc({ reason }, readings);
      deps.events.record({ kind: 'history_dropped', actor: 'system', detail: { reason, day, readings } });
      deps.log[reason === 'disk' ? 'warn' : 'info']({ reason, day, readings }, 'raw readings were dropped');
    },
  };
}
