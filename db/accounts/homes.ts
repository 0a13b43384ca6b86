import type postgres from 'postgres';
import type { Log } from '../domain/ports.ts';

/** Address groups remembered for a name, and names. */
const MAX_GROUPS = 20;
const MAX_NAMES = 1000;
const KEY = 'login_homes';

/** Names, each with the groups from which it has logged in, oldest first. */
export type KnownHomes = [name: string, groups: string[]][];

export interface HomeStore {
  read(): Promise<KnownHomes>;
  write(homes: KnownHomes): Promise<void>;
}

/** From which address groups each name has logged in: who guesses from elsewhere must not lock it out there. */
export interface Homes {
  has(name: string, group: string): boolean;
  /** true: it is new. */
  add(name: string, group: string): boolean;
  forget(name: string): void;
  /** What another node has kept already. */
  addedElsewhere(name: string, group: string): void;
  forgottenElsewhere(name: string): void;
}

export interface KeptHomes extends Homes {
  /** What an earlier run knew: guesses right after a restart meet it. */
  load(): Promise<void>;
  /** Waits for what is being written. */
  stop(): Promise<void>;
}

export function createHomeStore(sql: postgres.Sql): HomeStore {
  return {
    read: async () => {
      const [row] = await sql<{ value: KnownHomes }[]>`select value from meta where key = ${KEY}`;
      return row?.value ?? [];
    },
    write: async (homes) => {
      await sql`insert into meta (key, value) values (${KEY}, ${JSON.stringify(homes)}::text::jsonb)
        on conflict (key) do update set value = excluded.value`;
    },
  };
}

function dropOldest(of: Map<string, unknown> | Set<string>, max: number): void {
  const [oldest] = of.keys();
  if (of.size > max && oldest !== undefined) of.delete(oldest);
}

/** Kept in memory, and written when one is new: seldom. What could not be written is written with the next one. */
export function createHomes({ store, log }: { store: HomeStore; log: Log }): KeptHomes {
  /** Of both kinds the one that logged in longest ago first. */
  const homes = new Map<string, Set<string>>();
  let changed = false;
  let writing: Promise<void> | null = null;

  const write = async () => {
    while (changed) {
      changed = false;
      try {
        await store.write([...homes].map(([name, groups]) => [name, [...groups]]));
      } catch (error) {
        log.warn({ err: error }, 'from where people log in could not be kept');
      }
    }
    writing = null;
  };

  const keep = () => {
    changed = true;
    writing ??= write();
  };

  const add = (name: string, group: string): boolean => {
    const groups = homes.get(name) ?? new Set();
    const fresh = !groups.delete(group);
    groups.add(group);
    homes.delete(name);
    homes.set(name, groups);
    dropOldest(groups, MAX_GROUPS);
    dropOldest(homes, MAX_NAMES);
    return fresh;
  };

  return {
    load: async () => {
      for (const [name, groups] of await store.read()) homes.set(name, new Set(groups));
    },
    has: (name, group) => homes.get(name)?.has(group) === true,
    add: (name, group) => {
      const fresh = add(name, group);
      if (fresh) keep();
      return fresh;
    },
    addedElsewhere: (name, group) => void add(name, group),
    forgottenElsewhere: (name) => void homes.delete(name),
    forget: (name) => {
      if (homes.delete(name)) keep();
    },
    stop: async () => {
      await writing;
    },
  };
}
