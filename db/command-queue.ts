import type { Command } from './domain/types.ts';
import type { CommandStore } from './stores/commands.ts';

export interface CommandQueueDeps {
  store: Pick<CommandStore, 'countQueued'>;
  open: ReadonlyMap<number, Command>;
  /** Other nodes take commands too, and some that they took may not be known here yet. */
  shared: boolean;
}

/** How many commands wait for a device, those on their way into the database among them. */
export function createCommandQueue({ store, open, shared }: CommandQueueDeps) {
  /** By device. */
  const inserting = new Map<number, number>();

  const countQueued = async (devicePk: number): Promise<number> => {
    if (shared) return store.countQueued(devicePk);
    let count = 0;
    for (const command of open.values()) {
      if (command.devicePk === devicePk && command.status === 'queued') count++;
    }
    return count;
  };

  return {
    /** `ahead`: those that waited as it began, and those that began before it. */
    whileInserting: async <T>(devicePk: number, insert: (ahead: number) => Promise<T>): Promise<T> => {
      const before = inserting.get(devicePk) ?? 0;
      inserting.set(devicePk, before + 1);
      try {
        return await insert((await countQueued(devicePk)) + before);
      } finally {
        const left = (inserting.get(devicePk) ?? 1) - 1;
        if (left > 0) inserting.set(devicePk, left);
        else inserting.delete(devicePk);
      }
    },
  };
}
