import { fork } from 'node:child_process';
import { once } from 'node:events';

/** Ends after so many milliseconds, or so many answers. */
export interface PollOrder {
  port: number;
  path: string;
  token: string | null;
  /** Sends the ETag of the last whole answer along, as the app does. */
  follow: boolean;
  connections: number;
  milliseconds: number;
  atMost: number;
}

export interface PollResult {
  milliseconds: number;
  statuses: Record<number, number>;
}

export interface PollLoad {
  run(order: PollOrder): Promise<PollResult>;
  stop(): void;
}

/** Polls from a process of its own, over raw sockets: it must cost less than what answers it. */
export function startPollLoad(): PollLoad {
  const child = fork(new URL('poll-process.js', import.meta.url), { execArgv: [] });
  return {
    run: async (order) => {
      const over = new AbortController();
      const { signal } = over;
      const failed = once(child, 'exit', { signal }).then(([code]): never => {
        throw new Error(`the process that polls ended with ${code}`);
      });
      try {
        child.send(order);
        const [result] = await Promise.race([once(child, 'message', { signal }), failed]);
        return result as PollResult;
      } finally {
        over.abort();
        failed.catch(() => {});
      }
    },
    stop: () => void child.kill(),
  };
}
