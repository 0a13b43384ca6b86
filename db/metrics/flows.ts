import type { Registry } from 'prom-client';
import { FLOW_REASONS, type FlowReason, faultOf } from '../domain/flow-reasons.ts';
import { FLOWS, type FlowMeter } from '../domain/ports.ts';
import { createHistograms, createTold } from './tally.ts';

/** Seconds. What is promised can be read off: 100 ms, 500 ms, 1 s and 10 s are bounds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The meter, which also counts for `/api/metrics` all that it is told. */
export function measureFlows<M extends FlowMeter>(meter: M, registry: Registry): M {
  const durations = createHistograms({
    registry,
    name: 'pm_iot_flow_duration_seconds',
    help: 'How long each of the twelve flows took, whatever came of it (docs/metrics.md says from when to when)',
    buckets: BUCKETS,
    label: 'flow',
    values: FLOWS,
  });
  const errors = FLOWS.map((flow) => ({
    flow,
    byReason: new Map<FlowReason, number>(FLOW_REASONS[flow].map((reason) => [reason, 0])),
  }));
  const byFlow = new Map(errors.map(({ flow, byReason }) => [flow, byReason]));
  createTold(
    {
      registry,
      name: 'pm_iot_flow_errors_total',
      help: 'What went wrong or was refused in each flow, by reason; fault tells whose it is',
    },
    ['flow', 'reason', 'fault'],
    () =>
      errors.flatMap(({ flow, byReason }) =>
        [...byReason].map(([reason, count]) => [{ flow, reason, fault: faultOf(reason) }, count] as const),
      ),
  );

  return {
    ...meter,
    record: (flow, milliseconds, ok, reason) => {
      meter.record(flow, milliseconds, ok, reason);
      durations[flow].observe(milliseconds / 1000);
      if (ok && reason === undefined) return;
      const counts = byFlow.get(flow);
      const known = reason !== undefined && counts?.has(reason) === true ? reason : 'internal';
      counts?.set(known, (counts.get(known) ?? 0) + 1);
    },
  };
}
