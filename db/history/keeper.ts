import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/ports.ts';
import type { Packer } from './packer.ts';
import type { RetentionKeeper } from './retention.ts';
import type { Roller } from './roller.ts';
import { DAY } from './spans.ts';
import type { HistoryStateStore } from './state.ts';

const EVERY_MS = 15_000;
/** Partitions are made this long before they are needed. */
const AHEAD = DAY;

export interface KeeperDeps {
  state: HistoryStateStore;
  roller: Roller;
  packer: Packer;
  retention: RetentionKeeper;
  clock: Clock;
  log: Log;
  /** Is it this node's to do? Another one keeps what it knows of it up to date alone. */
  leads: () => boolean;
  /** Aborted: those at work end after what they are at. */
  stopping: AbortController;
}

/** Keeps history: partitions ahead, summaries, packing, retention, one after the other, again and again. */
export function createHistoryKeeper(deps: KeeperDeps) {
  const { state, roller, packer, retention, clock, log, leads, stopping } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;

  const run = async () => {
    if (!leads()) {
      await state.fresh().catch((error: unknown) => {
        log.debug({ err: error }, 'how far history is kept is not known');
      });
      return;
    }
    // While the clock is wrong, nothing is past.
    if (!clock.trusted()) return;
    const now = () => clock.now() * 1000;
    const steps: Record<string, () => Promise<void>> = {
      ahead: async () => {
        for (const at of [now(), now() + AHEAD]) await state.ensure('readings', at);
      },
      'sum up': () => roller.roll(now()),
      late: () => roller.settleLate(),
      pack: () => packer.packDue(now()),
      drop: () => retention.run(now()),
    };
    for (const [step, work] of Object.entries(steps)) {
      if (stopping.signal.aborted || !leads()) return;
      // What one of them meets keeps none of the others from their work.
      await work().catch((error: unknown) =>
        log.warn({ err: error, step }, 'history could not be kept up: trying again'),
      );
    }
  };

  const tick = () => {
    if (stopping.signal.aborted) return;
    running ??= run().finally(() => {
      running = null;
    });
  };

  return {
    start(): void {
      tick();
      timer = setInterval(tick, EVERY_MS);
    },
    /** There is something to do: not at the next turn, but now, or once what runs has ended. */
    wake(): void {
      if (timer === undefined) return;
      if (running === null) tick();
      else void running.then(tick);
    },
    async stop(): Promise<void> {
      stopping.abort();
      clearInterval(timer);
      await running;
    },
  };
}
