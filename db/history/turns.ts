import type { Executor } from '../client.ts';

/** Runs one task after another: what is packed is read, changed and written back by one at a time. */
export interface Turns {
  run<T>(task: () => Promise<T>): Promise<T>;
  /**
   * First in a transaction of a task that writes what it has read before: throws when the turn has been lost meanwhile.
   * null: it cannot be, since nobody else is there.
   */
  guard: ((tx: Executor) => Promise<void>) | null;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run: (task) => {
      const turn = last.then(task);
      last = turn.catch(() => {});
      return turn;
    },
    guard: null,
  };
}
