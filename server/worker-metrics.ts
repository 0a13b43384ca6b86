import { type Aggregator, AggregatorRegistry, Gauge, type Registry } from 'prom-client';
import type { MetricsText } from '../db/domain/system.ts';
import { type Measured, type ParentWord, tellParent } from './worker-words.ts';

/** What a worker has for its answer to the parent. */
const ANSWER_MS = 1000;
/** Those of the parent come after that. */
const PARENT_MS = 3000;

/** The whole box, as a worker that is asked for metrics tells of it. */
export function createSharedMetrics(own: Registry): MetricsText {
  const waiting = new Map<number, (text: string) => void>();
  let asked = 0;
  process.on('message', (word: ParentWord) => {
    if (word.kind === 'metrics') return waiting.get(word.id)?.(word.text);
    measure(own).then(
      (metrics) => tellParent({ kind: 'measured', id: word.id, metrics }),
      () => tellParent({ kind: 'measured', id: word.id, metrics: null }),
    );
  });
  return {
    contentType: own.contentType,
    metrics: () => {
      const id = ++asked;
      return new Promise<string>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error('the parent of the workers does not answer')),
          PARENT_MS,
        );
        waiting.set(id, (text) => {
          clearTimeout(timer);
          resolve(text);
        });
        tellParent({ kind: 'metrics', id });
      }).finally(() => waiting.delete(id));
    },
  };
}

/** Of the default metrics, whose own are for other purposes: of lags and of limits of a process the worst is of interest. */
const aggregatorOf = (name: string): Aggregator | null => {
  if (name === 'process_start_time_seconds') return 'min';
  if (name === 'process_max_fds') return 'max';
  return /^nodejs_eventloop_lag_(?!min)/.test(name) ? 'max' : null;
};

/** A mean of nothing is no number, and neither is it one in the JSON between processes. */
async function measure(registry: Registry): Promise<Measured> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map((metric) => ({
    ...metric,
    aggregator: aggregatorOf(metric.name) ?? metric.aggregator,
    values: metric.values.filter(({ value }) => Number.isFinite(value)),
  }));
}

// The types call it a number.
const isCounted = ({ type }: Measured[number]) => ['counter', 'histogram'].includes(String(type));

export interface BoxMetricsDeps {
  /** How many there are to be. */
  workers: number;
  /** Those that are ready. */
  ready: () => Iterable<Asked>;
}

/** A worker as it was started: another one in its place is another one. */
export interface Asked {
  /** Nothing comes of it when it is ending. */
  tell(word: ParentWord): void;
}

/**
 * Puts together what the workers have measured: sums, unless a metric says otherwise by its `aggregator`. A counter that
 * goes down looks like a restart of everything, after which all of it is counted once more; so what one of them has
 * counted is kept when it ends, or does not answer.
 */
export function createBoxMetrics({ workers, ready }: BoxMetricsDeps) {
  /** Counters as each has told them last. */
  const counted = new Map<Asked, Measured>();
  /** Of those that have ended. At most one of each between two questions, which make one of them. */
  const gone: Measured[] = [];
  const waiting = new Map<number, (metrics: Measured | null) => void>();
  let questions = 0;
  let running: Promise<string> | null = null;

  /** null: it does not answer. */
  const ask = async (worker: Asked): Promise<Measured | null> => {
    const id = ++questions;
    const metrics = await new Promise<Measured | null>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MS, null);
      waiting.set(id, (told) => {
        clearTimeout(timer);
        resolve(told);
      });
      worker.tell({ kind: 'measure', id });
    });
    waiting.delete(id);
    return metrics;
  };

  const collect = async (): Promise<string> => {
    const answers = await Promise.all([...ready()].map(ask));
    const answered = answers.filter((metrics) => metrics !== null);
    if (gone.length > 1) gone.push(await AggregatorRegistry.aggregate(gone.splice(0)).getMetricsAsJSON());
    const gauges = answered.map((metrics) => metrics.filter((metric) => !isCounted(metric)));
    const box = AggregatorRegistry.aggregate([...gauges, ...gone, ...counted.values()]);
    const gauge = (name: string, help: string, value: number) =>
      new Gauge({ name, help, registers: [box] }).set(value);
    gauge('pm_iot_workers', 'Processes that share the ports of this machine (WORKERS)', workers);
    gauge(
      'pm_iot_workers_answered',
      'Workers of this machine that told their figures within a second',
      answered.length,
    );
    return await box.metrics();
  };

  return {
    /** Whoever asks while another one is answered gets the same. */
    text: (): Promise<string> => {
      running ??= collect().finally(() => {
        running = null;
      });
      return running;
    },
    /** One that comes too late still tells what was counted. */
    told: (worker: Asked, id: number, metrics: Measured | null): void => {
      if (metrics !== null) counted.set(worker, metrics.filter(isCounted));
      waiting.get(id)?.(metrics);
    },
    ended: (worker: Asked): void => {
      const last = counted.get(worker);
      counted.delete(worker);
      if (last !== undefined) gone.push(last);
    },
  };
}
