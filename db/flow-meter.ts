import type { FlowReason } from './domain/flow-reasons.ts';
import { FLOWS, type FlowFault, type FlowMeter, type FlowName } from './domain/ports.ts';

/** What happened longer ago says nothing of now. */
const WINDOW_MS = 5 * 60_000;
const SLOTS = 10;
const SLOT_MS = WINDOW_MS / SLOTS;
/** Part of failures from which a flow counts as degraded, and as down. */
const DEGRADED = 0.05;
const DOWN = 0.5;

export interface FlowReport {
  name: FlowName;
  /** `unknown`: nothing happened within five minutes. */
  status: 'ok' | 'degraded' | 'down' | 'unknown';
  /** Mean. */
  latencyMs: number | null;
  /** When it last happened. */
  lastCheck: Date | null;
  /** When it last went well, however long ago. */
  lastSuccess: Date | null;
  /** 0 to 1; null when nothing happened. */
  errorRate: number | null;
  /** Of the last failure within five minutes. */
  fault: FlowFault | null;
}

interface Slot {
  since: number;
  count: number;
  errors: number;
  milliseconds: number;
}

interface Entry {
  slots: Slot[];
  last: number | null;
  lastSuccess: number | null;
  lastFault: { at: number; fault: FlowFault } | null;
}

export interface FlowMeterService extends FlowMeter {
  report(): FlowReport[];
}

/** What a failure says of the flow. */
const FAULTS: Partial<Record<FlowReason, FlowFault>> = {
  unavailable: 'database_unavailable',
  disk_full: 'disk_full',
  timed_out: 'no_answer',
};

/** Counts what really happened in the last five minutes, by flow. */
export function createFlowMeter(now: () => number): FlowMeterService {
  const flows = new Map<FlowName, Entry>(
    FLOWS.map((name) => [name, { slots: [], last: null, lastSuccess: null, lastFault: null }]),
  );

  const reportOf = (name: FlowName, { slots, last, lastSuccess, lastFault }: Entry): FlowReport => {
    // A clock that was set back makes slots of a time to come: they are of another reckoning.
    const isRecent = (at: number) => at > now() - WINDOW_MS && at <= now();
    const sum = { count: 0, errors: 0, milliseconds: 0 };
    for (const slot of slots) {
      if (!isRecent(slot.since)) continue;
      sum.count += slot.count;
      sum.errors += slot.errors;
      sum.milliseconds += slot.milliseconds;
    }
    const told = {
      name,
      lastCheck: last === null ? null : new Date(last),
      lastSuccess: lastSuccess === null ? null : new Date(lastSuccess),
      fault: lastFault !== null && isRecent(lastFault.at) ? lastFault.fault : null,
    };
    if (sum.count === 0) return { ...told, status: 'unknown', latencyMs: null, errorRate: null };
    const errorRate = sum.errors / sum.count;
    const status = errorRate >= DOWN ? 'down' : errorRate >= DEGRADED ? 'degraded' : 'ok';
    return { ...told, status, latencyMs: sum.milliseconds / sum.count, errorRate };
  };

  return {
    record: (flow, milliseconds, ok, reason) => {
      const entry = flows.get(flow);
      if (entry === undefined) return;
      const time = now();
      let slot = entry.slots.at(-1);
      if (slot === undefined || Math.abs(time - slot.since) >= SLOT_MS) {
        slot = { since: time, count: 0, errors: 0, milliseconds: 0 };
        entry.slots.push(slot);
        if (entry.slots.length > SLOTS) entry.slots.shift();
      }
      slot.count++;
      slot.milliseconds += milliseconds;
      entry.last = time;
      if (ok) entry.lastSuccess = time;
      else {
        slot.errors++;
        entry.lastFault = { at: time, fault: (reason && FAULTS[reason]) ?? 'failed' };
      }
    },
    report: () => [...flows].map(([name, entry]) => reportOf(name, entry)),
  };
}
