import type { DeviceLink } from './domain/ports.ts';
import { type Command, TERMINAL } from './domain/types.ts';
import type { CommandStore } from './stores/commands.ts';

export interface CommandFollowerDeps {
  store: Pick<CommandStore, 'findAll' | 'open'>;
  /** Open ones that are known here. */
  open: ReadonlyMap<number, Command>;
  /** Another node has moved it on. */
  follow: (command: Command) => void;
  /** It went with its device. */
  removed: (id: number) => void;
  link: Pick<DeviceLink, 'reachable'>;
  flush: (devicePk: number) => Promise<void>;
}

/** Commands that other nodes take or move on, as the database has them. */
export function createCommandFollower({ store, open, follow, removed, link, flush }: CommandFollowerDeps) {
  const read = async (ids: readonly number[]): Promise<void> => {
    const before = new Map(ids.map((id) => [id, open.get(id)]));
    const found = new Map((await store.findAll(ids)).map((command) => [command.id, command]));
    const again: number[] = [];
    const reachable = new Set<number>();
    for (const [id, known] of before) {
      const command = found.get(id);
      // Moved on here while it was read: what was read may be older.
      if (open.get(id) !== known) again.push(id);
      else if (command === undefined) removed(id);
      else if (known !== undefined || !TERMINAL.has(command.status)) follow(command);
      if (command?.status === 'queued' && link.reachable(command.devicePk)) reachable.add(command.devicePk);
    }
    for (const devicePk of reachable) void flush(devicePk);
    if (again.length > 0) await read(again);
  };

  return {
    read,
    /** All that are open, here or in the database. */
    readAll: async (): Promise<void> => {
      const ids = new Set([...open.keys(), ...(await store.open()).map(({ id }) => id)]);
      if (ids.size > 0) await read([...ids]);
    },
  };
}
