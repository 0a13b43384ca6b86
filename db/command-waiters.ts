import { DomainError } from './domain/errors.ts';
import type { Command } from './domain/types.ts';

/** Called with null when the command went with its device. */
type Wake = (command: Command | null) => void;

export const removedMeanwhile = () =>
  new DomainError('NOT_FOUND', 'the device was removed, and this command with it');

/** Requests that wait for the end of a command. */
export class CommandWaiters {
  readonly #waiting = new Map<number, Set<Wake>>();
  readonly #moving = new Map<number, () => void>();

  /** The command once it ends, or what `asItIs` gives after `milliseconds`. NOT_FOUND when its device is removed. */
  wait(id: number, milliseconds: number, asItIs: () => Command): Promise<Command> {
    return new Promise((resolve, reject) => {
      const set = this.#waiting.get(id) ?? new Set();
      const end: Wake = (final) => {
        clearTimeout(timer);
        set.delete(end);
        if (set.size === 0) this.#waiting.delete(id);
        if (final !== null) resolve(final);
        else reject(removedMeanwhile());
      };
      const timer = setTimeout(() => end(asItIs()), milliseconds);
      set.add(end);
      this.#waiting.set(id, set);
    });
  }

  /** Resolves once a command that was just made is queued no more, or after `milliseconds`. */
  moved(id: number, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#moving.delete(id);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#moving.set(id, end);
    });
  }

  wakeMoved(id: number): void {
    this.#moving.get(id)?.();
  }

  wake(id: number, command: Command | null): void {
    for (const end of [...(this.#waiting.get(id) ?? [])]) end(command);
  }

  /** Tells everyone how it is now. */
  wakeAll(current: (id: number) => Command | undefined): void {
    for (const id of [...this.#waiting.keys()]) {
      const command = current(id);
      if (command !== undefined) this.wake(id, command);
    }
  }
}
