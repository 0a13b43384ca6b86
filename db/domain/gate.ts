export interface Gate {
  /** Runs `task` when it is its turn. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** Lets at most `concurrency` tasks run at once; the others wait for their turn, first come first served. */
export function createGate({ concurrency }: { concurrency: number }): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async () => {
    if (running < concurrency) {
      running++;
      return;
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
