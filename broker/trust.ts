import type { Clock } from '../db/domain/clock.ts';
import type { Log } from '../db/domain/ports.ts';

const LOOK_EVERY_MS = 250;

/** Lets tasks wait until the machine's clock can be believed (a box without a battery starts in the past). */
export function createTrustWaiter(clock: Pick<Clock, 'trusted'>, log: Log) {
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  const look = () => {
    if (!clock.trusted()) return;
    clearInterval(timer);
    timer = undefined;
    const ready = waiting;
    waiting = [];
    log.info({ messages: ready.length }, 'the clock is right again: readings without a timestamp are stored');
    for (const task of ready) task();
  };

  return {
    whenTrusted(task: () => void): void {
      waiting.push(task);
      if (timer !== undefined) return;
      log.warn({}, 'the clock of this machine is wrong: readings without a timestamp wait');
      timer = setInterval(look, LOOK_EVERY_MS);
    },
    stop(): void {
      clearInterval(timer);
    },
  };
}
