import { type BrokerStore, isPerson } from '../../db/domain/broker-store.ts';
import type { Bus, Nodes } from '../../db/domain/cluster.ts';
import type { BoundedPersistence } from '../engine/bounded.ts';
import { isLiving } from './living.ts';

/** What is told of a person's stored session. */
export interface StoredChange {
  id: string;
  add?: readonly (readonly [filter: string, qos: number])[];
  remove?: readonly string[];
  /** Node at which its client is now. */
  at?: string | null;
  gone?: true;
}

export interface StoredFiltersDeps {
  store: BrokerStore;
  bus: Bus;
  nodes: Nodes;
  stored: () => BoundedPersistence;
  isHeld: (id: string) => boolean;
  onChange: () => void;
}

export type StoredFilters = ReturnType<typeof createStoredFilters>;

const sameFilters = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>) =>
  a.size === b.size && [...a].every(([filter, qos]) => b.get(filter) === qos);

/** The filters of people's stored sessions, at every node, and where their clients are. Devices concern only themselves. */
export function createStoredFilters(deps: StoredFiltersDeps) {
  const { store, bus, nodes, stored, isHeld, onChange } = deps;
  const elsewhere = new Map<string, string>();

  const tell = (change: StoredChange) => {
    onChange();
    if (isPerson(change.id)) bus.tell('stored', change);
  };

  const moveTo = (id: string, at: string | null) => {
    if (at === null || at === nodes.id) elsewhere.delete(id);
    else elsewhere.set(id, at);
  };

  const putFilters = async (id: string, filters: ReadonlyMap<string, number>) => {
    const { sessions, setFilters } = stored().working;
    if (!sessions.has(id) || !sameFilters(filters, sessions.filtersOf(id))) await setFilters(id, filters);
  };

  return {
    isElsewhere: (id: string) => {
      const at = elsewhere.get(id);
      return at !== undefined && isLiving(nodes, bus, at);
    },
    added: (id: string, add: NonNullable<StoredChange['add']>) => tell({ id, add }),
    removed: (id: string, remove: readonly string[]) => tell({ id, remove }),
    moved: (id: string, at: string | null) => {
      moveTo(id, at);
      tell({ id, at });
    },
    /** To be told before it is forgotten here. */
    dropped: (id: string) => {
      elsewhere.delete(id);
      if (stored().working.sessions.has(id)) tell({ id, gone: true });
    },
    heard: async ({ id, add = [], remove = [], at, gone }: StoredChange) => {
      if (typeof id !== 'string' || !isPerson(id)) return;
      const { sessions, forget } = stored().working;
      if (gone === true) {
        elsewhere.delete(id);
        if (!isHeld(id)) await forget(id);
      } else {
        if (at !== undefined) moveTo(id, at);
        const filters = new Map(sessions.filtersOf(id));
        for (const [filter, qos] of add) filters.set(filter, qos);
        for (const filter of remove) filters.delete(filter);
        await putFilters(id, filters);
      }
      onChange();
    },
    /** As they are kept; of those whose client is here this node knows best. */
    read: async () => {
      const { sessions, forget } = stored().working;
      const people = await store.readPeople();
      for (const [id, { filters, at }] of people) {
        if (isHeld(id)) continue;
        moveTo(id, at);
        await putFilters(id, filters);
      }
      for (const id of sessions.ids()) {
        if (isPerson(id) && !isHeld(id) && !people.has(id)) await forget(id);
      }
      onChange();
    },
    /** Redis has lost them; those whose client is elsewhere are written by that node. */
    writeAgain: () => {
      const { sessions } = stored().working;
      for (const id of sessions.ids()) {
        if (isPerson(id) && !isHeld(id)) store.restoreSession(id, sessions.filtersOf(id));
      }
    },
  };
}
