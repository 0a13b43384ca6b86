import { DomainError } from './errors.ts';

export interface Gate {
  /** Runs `task` when it is its turn. Throws TOO_MANY_REQUESTS (retry after 1 s) when too many wait already. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** Lets at most `concurrency` tasks run at once and at most `maxWaiting` wait for their turn, first come first served. */
export function createGate({
  concurrency,
  maxWaiting = Number.POSITIVE_INFINITY,
}: {
  concurrency: number;
  maxWaiting?: number;
}): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async () => {
    if (running < concurrency) {
      running++;
      return;
    }
    if (waiting.length >= maxWaiting) {
      throw new DomainError('TOO_MANY_REQUESTS', 'too much at once, try again in a second', {
        retryAfter: 1,
      });
    }
    // The place is handed over by the one that leaves, so `running` does not change.
    await new Promise<void>((resolve) => waiting.push(resolve));
  };

  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };

  return {
    run: async (task) => {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
