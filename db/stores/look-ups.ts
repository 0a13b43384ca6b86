import { setTimeout as sleep } from 'node:timers/promises';

/** Between two statements: of a crowd so many come in this time that a statement costs little for each. */
const APART_MS = 5;
/** Keys of one statement: its rows are built in one turn of the loop. */
const MAX_TOGETHER = 500;

interface Waiting<T> {
  resolve: (row: T | null) => void;
  reject: (error: unknown) => void;
}

/**
 * Looks rows up by a key. One statement is under way at a time, and whoever asks meanwhile or shortly after shares the
 * next one: a crowd costs a few statements, and one that comes alone waits for nothing. What was committed before it asked
 * is seen. Rejects with the error of its statement.
 */
export function createLookUps<T>(fetch: (keys: string[]) => Promise<ReadonlyMap<string, T>>) {
  let waiting = new Map<string, Waiting<T>[]>();
  let busy = false;

  const next = async () => {
    const all = [...waiting];
    const asked = all.slice(0, MAX_TOGETHER);
    waiting = new Map(all.slice(MAX_TOGETHER));
    try {
      const rows = await fetch(asked.map(([key]) => key));
      for (const [key, askers] of asked) for (const { resolve } of askers) resolve(rows.get(key) ?? null);
    } catch (error) {
      for (const [, askers] of asked) for (const { reject } of askers) reject(error);
    }
  };

  const work = async () => {
    busy = true;
    while (waiting.size > 0) {
      await next();
      await sleep(APART_MS);
    }
    busy = false;
  };

  return (key: string): Promise<T | null> =>
    new Promise((resolve, reject) => {
      const asker = { resolve, reject };
      const others = waiting.get(key);
      if (others === undefined) waiting.set(key, [asker]);
      else others.push(asker);
      if (!busy) void work();
    });
}
