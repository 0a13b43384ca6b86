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
  /** Tells those at work to end after what they are at. */
  end: () => void;
}

/** Keeps history: partitions ahead, summaries, packing, retention, one after the other, again and again. */
export function createHistoryKeeper({ state, roller, packer, retention, clock, log, end }: KeeperDeps) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let stopped = false;

  const run = async () => {
    // While the clock is wrong, nothing is past.
    if (!clock.trusted()) return;
    const now = () => clock.now() * 1000;
    for (const at of [now(), now() + AHEAD]) await state.ensure('readings', at);
    await roller.roll(now());
    await roller.settleLate();
    await packer.packDue(now());
    if (!stopped) await retention.run(now());
  };

  const tick = () => {
    if (stopped) return;
    running ??= run()
      .catch((error: unknown) => log.warn({ err: error }, 'history could not be kept up: trying again'))
      .finally(() => {
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
      stopped = true;
      end();
      clearInterval(timer);
      await running;
    },
  };
}
