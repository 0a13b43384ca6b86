import { Counter, type Histogram, type Registry } from 'prom-client';

/**
 * prom-client looks the labels of each observation up by a text that it makes of them (docs/metrics.md has what that
 * costs): too much for what is done for every reading. These count in plain numbers, and the registry takes them
 * over when it is asked.
 */
class Tally {
  readonly #bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** In the unit of the metric. A clock that was set back makes no negative time. */
  observe(value: number): void {
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] ?? 0)) i++;
    this.counts[i] = (this.counts[i] ?? 0) + 1;
    if (value > 0) this.sum += value;
  }
}

export type Observer = Pick<Tally, 'observe'>;

interface Described {
  registry: Registry;
  name: string;
  help: string;
}

interface HistogramValue {
  value: number;
  labels: Record<string, string | number>;
  metricName: string;
}

/** A histogram with one label, whose values are known beforehand. */
export function createHistograms<L extends string>(
  described: Described & { buckets: readonly number[]; label: string; values: readonly L[] },
): Record<L, Observer> {
  const { registry, name, help, buckets, label, values } = described;
  const tallies = values.map((value): [L, Tally] => [value, new Tally(buckets)]);
  register(registry, name, help, () =>
    tallies.flatMap(([value, tally]) => told(name, tally, buckets, { [label]: value })),
  );
  return Object.fromEntries(tallies) as Record<L, Tally>;
}

export function createHistogram(described: Described & { buckets: readonly number[] }): Observer {
  const { registry, name, help, buckets } = described;
  const tally = new Tally(buckets);
  register(registry, name, help, () => told(name, tally, buckets, {}));
  return tally;
}

function told(
  name: string,
  { counts, sum }: Tally,
  buckets: readonly number[],
  labels: Record<string, string>,
): HistogramValue[] {
  let count = 0;
  const bucket = (le: number | string, more = 0): HistogramValue => {
    count += more;
    return { value: count, labels: { ...labels, le }, metricName: `${name}_bucket` };
  };
  return [
    ...counts.map((more, i) => bucket(buckets[i] ?? '+Inf', more)),
    { value: sum, labels, metricName: `${name}_sum` },
    { value: count, labels, metricName: `${name}_count` },
  ];
}

function register(registry: Registry, name: string, help: string, values: () => HistogramValue[]): void {
  const get = async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: values() });
  // A registry asks no more of a metric than this.
  registry.registerMetric({ name, get } as unknown as Histogram<string>);
}

/** A counter whose values are kept elsewhere, in plain numbers. Those of all labels are told from the first time on. */
export function createTold<L extends string>(
  { registry, name, help }: Described,
  labelNames: readonly L[],
  values: () => Iterable<readonly [labels: Partial<Record<L, string>>, value: number]>,
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of values()) this.inc(labels, value);
    },
  });
}
