import { FLOWS, type FlowMeter, type FlowName } from './domain/ports.ts';

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
  /** 0 to 1; null when nothing happened. */
  errorRate: number | null;
}

interface Slot {
  since: number;
  count: number;
  errors: number;
  milliseconds: number;
}

export interface FlowMeterService extends FlowMeter {
  report(): FlowReport[];
}

/** Counts what really happened in the last five minutes, by flow. */
export function createFlowMeter(now: () => number): FlowMeterService {
  const flows = new Map<FlowName, { slots: Slot[]; last: number | null }>(
    FLOWS.map((name) => [name, { slots: [], last: null }]),
  );

  return {
    record: (flow, milliseconds, ok) => {
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
      if (!ok) slot.errors++;
      entry.last = time;
    },
    report: () =>
      FLOWS.map((name) => {
        const entry = flows.get(name);
        const recent = (entry?.slots ?? []).filter(({ since }) => since > now() - WINDOW_MS);
        const sum = { count: 0, errors: 0, milliseconds: 0 };
        for (const slot of recent) {
          sum.count += slot.count;
          sum.errors += slot.errors;
          sum.milliseconds += slot.milliseconds;
        }
        const lastCheck = entry?.last == null ? null : new Date(entry.last);
        if (sum.count === 0) return { name, status: 'unknown', latencyMs: null, lastCheck, errorRate: null };
        const errorRate = sum.errors / sum.count;
        const status = errorRate >= DOWN ? 'down' : errorRate >= DEGRADED ? 'degraded' : 'ok';
        return { name, status, latencyMs: sum.milliseconds / sum.count, lastCheck, errorRate };
      }),
  };
}
