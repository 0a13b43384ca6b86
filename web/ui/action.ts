import { useRef, useState } from 'preact/hooks';
import type { Client } from '../client/index.ts';
import { type Failure, failureOf } from '../state/index.ts';
import { useCore } from './context.ts';

export interface Action {
  busy: boolean;
  failure: Failure | null;
  /** Gives what the work gave; null when it failed, which `failure` tells. */
  run<T>(work: (client: Client) => Promise<T>): Promise<T | null>;
  clear(): void;
}

/** Something that a person asks the server for: busy while it lasts, and what went wrong. */
export function useAction(): Action {
  const core = useCore();
  const [state, setState] = useState<{ busy: boolean; failure: Failure | null }>({
    busy: false,
    failure: null,
  });
  const running = useRef(false);
  return {
    ...state,
    run: async (work) => {
      // A second click while the first one works.
      if (running.current) return null;
      running.current = true;
      setState({ busy: true, failure: null });
      try {
        const result = await core.run(work);
        setState({ busy: false, failure: null });
        return result;
      } catch (error) {
        const failure = failureOf(error);
        setState({ busy: false, failure });
        if (failure === null) throw error;
        return null;
      } finally {
        running.current = false;
      }
    },
    clear: () => setState({ busy: false, failure: null }),
  };
}
