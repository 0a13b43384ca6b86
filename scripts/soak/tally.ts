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

const OUT_OF_TIME = /no answer in time|no such message in time/;

/** What was done, how long it took, and what went wrong. `heldUp`: this process did not get its turns. */
export function createTally(heldUp: () => boolean) {
  const counts = new Map<string, number>();
  const faults = new Map<string, Fault>();
  let latencies = fresh();
  const count = (what: string, by = 1): void => {
    counts.set(what, (counts.get(what) ?? 0) + by);
  };
  return {
    count,
    counted: (what: string) => counts.get(what) ?? 0,
    counts: () => Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b))),
    fault(kind: string, error: unknown): void {
      const text = messageOf(error);
      if (OUT_OF_TIME.test(text) && heldUp()) {
        count(`while the load was held up: ${kind}`);
        return;
      }
      const known = faults.get(kind);
      if (known !== undefined) known.count++;
      else faults.set(kind, { kind, count: 1, first: text.slice(0, 300) });
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
