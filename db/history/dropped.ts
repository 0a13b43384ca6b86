import { Counter, type Registry } from 'prom-client';

/** Counts the raw readings that were dropped, by reason: for their age, or because the disk was filling. */
export function createDroppedCounter(registry: Registry): Counter<'reason'> {
  const counter = new Counter({
    name: 'pm_iot_history_dropped_readings_total',
    help: 'Raw readings that were dropped, by reason; their summaries stay',
    labelNames: ['reason'] as const,
    registers: [registry],
  });
  for (const reason of ['retention', 'disk'] as const) counter.inc({ reason }, 0);
  return counter;
}
