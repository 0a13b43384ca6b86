import { Quantiles } from '../load-test/quantiles.ts';

export type Latency = 'acknowledgement' | 'command' | 'poll';

export interface Fault {
  kind: string;
  count: number;
  /** What the first of its kind said. */
  first: string;
}

const fresh = (): Record<Latency, Quantiles> => ({
  acknowledgement: new Quantiles(),
  command: new Quantiles(),
  poll: new Quantiles(),
});

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** What was done, how long it took, and what went wrong. */
export function createTally() {
  const counts = new Map<string, number>();
  const faults = new Map<string, Fault>();
  let latencies = fresh();
  return {
    count(what: string, by = 1): void {
      counts.set(what, (counts.get(what) ?? 0) + by);
    },
    counted: (what: string) => counts.get(what) ?? 0,
    counts: () => Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b))),
    fault(kind: string, error: unknown): void {
      const known = faults.get(kind);
      if (known !== undefined) known.count++;
      else faults.set(kind, { kind, count: 1, first: messageOf(error).slice(0, 300) });
    },
    faults: () => [...faults.values()],
    latency(of: Latency, milliseconds: number): void {
      latencies[of].add(milliseconds);
    },
    /** Those since the last call. */
    takeLatencies(): Record<Latency, Quantiles> {
      const taken = latencies;
      latencies = fresh();
      return taken;
    },
  };
}

export type Tally = ReturnType<typeof createTally>;
