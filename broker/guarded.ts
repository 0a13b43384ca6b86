import type { Log } from '../db/domain/ports.ts';

/** Aedes lets an exception of a hook end the process: here it ends the connection that caused it. */
export function guarded<A, B, C>(
  hook: (a: A, b: B, callback: C) => void,
  fail: (callback: C, error: Error) => void,
  log: Log,
) {
  return (a: A, b: B, callback: C): void => {
    try {
      hook(a, b, callback);
    } catch (error) {
      log.error({ err: error }, 'a hook of the broker failed');
      fail(callback, error instanceof Error ? error : new Error(String(error)));
    }
  };
}
