import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** For balancers to see that /api/health answers 503: three looks, 2 s apart (docs/examples). */
const DELAY_MS = 7000;

export interface DrainDeps {
  /** DRAIN_TIME. */
  spreadMs: number;
  /** Gives up what one node at a time does. */
  resign: () => Promise<void>;
  /** No new connection; those of HTTP that are open end with their next answer. */
  refuse: () => void;
  /** Ends the connections of MQTT, spread over so many milliseconds. */
  sendAway: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  log: Logger;
}

/** Takes a node out of service without a loss: balancers see it go, and its clients go elsewhere one after the other. */
export function createDrain({ spreadMs, resign, refuse, sendAway, log }: DrainDeps) {
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<void> | null = null;

  const run = async () => {
    log.info({ seconds: spreadMs / 1000 }, 'draining: no more is taken, and clients are sent elsewhere');
    await resign();
    await sleep(DELAY_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    refuse();
    await sendAway(spreadMs, signal);
  };

  return {
    get draining() {
      return running !== null;
    },
    /** Resolves once all clients have gone, or after `cut`. */
    drain: (): Promise<void> => {
      running ??= run();
      return running;
    },
    /** All ends now. */
    cut: () => stopping.abort(),
  };
}
