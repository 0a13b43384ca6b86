import { Gauge, type Registry } from 'prom-client';

/** How full something is that has a bound. */
export interface Fill {
  depth: number;
  limit: number;
}

/** All that wait here for something else. docs/limits.md says what happens at the bound of each. */
export type CountedQueue = 'readings' | 'events' | 'passwords' | 'passwords_of_strangers' | 'redis_writes';
export type WeighedQueue = 'readings' | 'intake' | 'mqtt' | 'retained' | 'redis_writes';

export interface QueueMeter {
  count(queue: CountedQueue, fill: () => Fill): void;
  /** Bytes. */
  weigh(queue: WeighedQueue, fill: () => Fill): void;
}

/** One gauge for what is in the queues, and one for their bounds. */
function gauges(
  registry: Registry,
  depth: { name: string; help: string },
  limit: { name: string; help: string },
): Map<string, () => Fill> {
  const queues = new Map<string, () => Fill>();
  const gauge = (described: { name: string; help: string }, part: keyof Fill) =>
    new Gauge({
      ...described,
      labelNames: ['queue'],
      registers: [registry],
      collect() {
        for (const [queue, fill] of queues) this.set({ queue }, fill()[part]);
      },
    });
  gauge(depth, 'depth');
  gauge(limit, 'limit');
  return queues;
}

export function createQueueMeter(registry: Registry): QueueMeter {
  const counted = gauges(
    registry,
    { name: 'pm_iot_queue_depth', help: 'How many wait in each queue that has a bound' },
    { name: 'pm_iot_queue_limit', help: 'How many may wait in each queue that has a bound' },
  );
  const weighed = gauges(
    registry,
    { name: 'pm_iot_queue_bytes', help: 'Bytes that wait in each queue that has a bound for them' },
    { name: 'pm_iot_queue_limit_bytes', help: 'Bytes that may wait in each queue that has a bound for them' },
  );
  return {
    count: (queue, fill) => void counted.set(queue, fill),
    weigh: (queue, fill) => void weighed.set(queue, fill),
  };
}
