import type { Clock } from './domain/clock.ts';
import type { Command, CommandStatus } from './domain/types.ts';

/** The longest delay that setTimeout keeps. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** When the database was away as a command ended: how soon to try again. */
const RETRY_MS = 1000;

export interface CommandTimersDeps {
  clock: Clock;
  /** Counted from `sent`. */
  timeoutMs: number;
  /** Counted from the request. */
  expiryMs: number;
  /** The time of a command in this status is up. */
  onTimeUp: (id: number, from: CommandStatus) => void;
}

/** One timer for each open command. */
export function createCommandTimers({ clock, timeoutMs, expiryMs, onTimeUp }: CommandTimersDeps) {
  const timers = new Map<number, NodeJS.Timeout>();

  const set = (id: number, delay: number, act: () => void) => {
    clearTimeout(timers.get(id));
    timers.set(id, setTimeout(act, delay));
  };

  /** `graceMs`: so much later than its time. */
  const arm = (command: Command, graceMs = 0): void => {
    const { id, status, sentAt, createdAt } = command;
    const end =
      status === 'sent' ? (sentAt ?? createdAt).getTime() + timeoutMs : createdAt.getTime() + expiryMs;
    const left = Math.max(end - clock.now(), 0) + graceMs;
    set(id, Math.min(left, MAX_TIMER_MS), () => {
      if (left > MAX_TIMER_MS) arm(command, graceMs);
      else onTimeUp(id, status);
    });
  };

  return {
    arm,
    disarm: (id: number): void => {
      clearTimeout(timers.get(id));
      timers.delete(id);
    },
    retry: (id: number, from: CommandStatus): void => set(id, RETRY_MS, () => onTimeUp(id, from)),
    stop: (): void => {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
