import type { Clock } from '../db/domain/clock.ts';
import type { Log } from '../db/domain/ports.ts';

const LOOK_EVERY_MS = 250;
/** Messages that wait, from which on devices are not read from; the bytes of their payloads are bounded with all others. */
const MAX_MESSAGES = 50_000;

/**
 * Lets tasks wait until the machine's clock can be believed (a box without a battery starts in the past). `onRelease`: they
 * wait no longer.
 */
export function createTrustWaiter(clock: Pick<Clock, 'trusted'>, log: Log, onRelease: () => void) {
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
    onRelease();
  };

  return {
    whenTrusted(task: () => void): void {
      waiting.push(task);
      if (timer !== undefined) return;
      log.warn({}, 'the clock of this machine is wrong: readings without a timestamp wait until it is set');
      timer = setInterval(look, LOOK_EVERY_MS);
    },
    full: (): boolean => waiting.length >= MAX_MESSAGES,
    stop(): void {
      clearInterval(timer);
    },
  };
}
