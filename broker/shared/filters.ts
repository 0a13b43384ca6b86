import type { Bus } from '../../db/domain/cluster.ts';
import { FilterTree } from '../engine/filter-tree.ts';

/** A SUBACK waits so long for the other nodes to know its filters. */
const KNOWN_LIMIT_MS = 500;
/** In one message. */
const MAX_TOLD = 2000;

interface Change {
  add?: readonly string[];
  remove?: readonly string[];
  /** What was told before counts no more. */
  anew?: boolean;
}

export interface SharedFiltersDeps {
  bus: Bus;
  /** Of other nodes there are others now. */
  onChange: () => void;
}

const isStrings = (list: unknown): list is string[] =>
  Array.isArray(list) && list.every((each) => typeof each === 'string');

/** What people have subscribed to at other nodes; and these are told what they have here. Of devices nobody else is told. */
export function createSharedFilters({ bus, onChange }: SharedFiltersDeps) {
  const counts = new Map<string, number>();
  const told = new Set<string>();
  const changed = new Set<string>();
  const byNode = new Map<string, Set<string>>();
  const others = new FilterTree();
  let telling: Promise<void> | null = null;
  let asking: Promise<void> = Promise.resolve();

  const drop = (nodeId: string) => {
    for (const filter of byNode.get(nodeId) ?? []) others.delete(filter);
    byNode.delete(nodeId);
    onChange();
  };

  const hear = ({ add = [], remove = [], anew = false }: Change, from: string) => {
    if (!isStrings(add) || !isStrings(remove)) return;
    if (anew) drop(from);
    const known = byNode.get(from) ?? new Set();
    byNode.set(from, known);
    for (const filter of remove) if (known.delete(filter)) others.delete(filter);
    for (const filter of add) {
      if (known.has(filter)) continue;
      known.add(filter);
      others.add(filter);
    }
    onChange();
  };

  const tellAll = () => {
    const all = [...told];
    for (let at = 0; at === 0 || at < all.length; at += MAX_TOLD) {
      bus.tell('filters', { add: all.slice(at, at + MAX_TOLD), anew: at === 0 } satisfies Change);
    }
  };

  /** All changes of one turn together. */
  const tellChanges = async () => {
    await Promise.resolve();
    telling = null;
    const add = [...changed].filter((filter) => counts.has(filter) && !told.has(filter));
    const remove = [...changed].filter((filter) => !counts.has(filter) && told.has(filter));
    changed.clear();
    for (const filter of add) told.add(filter);
    for (const filter of remove) told.delete(filter);
    if (add.length > 0) asking = bus.ask('filters', { add, remove } satisfies Change, KNOWN_LIMIT_MS);
    else if (remove.length > 0) bus.tell('filters', { remove } satisfies Change);
    // Also for what was told just before, and is not known yet.
    await asking;
  };
  const change = (filter: string): Promise<void> => {
    changed.add(filter);
    telling ??= tellChanges();
    return telling;
  };

  bus.on('filters', hear);
  bus.onAnnounce(tellAll);
  // What a node has told before a gap is kept until it tells anew: to send it too much does no harm.
  bus.onLost(drop);

  return {
    matches: (topic: string): boolean => others.matches(topic),
    /** Resolves once the living nodes know it. What begins with `$` stays at its node. */
    subscribed: (filter: string): Promise<void> => {
      if (filter.startsWith('$')) return Promise.resolve();
      counts.set(filter, (counts.get(filter) ?? 0) + 1);
      return change(filter);
    },
    unsubscribed: (filter: string): void => {
      const left = (counts.get(filter) ?? 0) - 1;
      if (left > 0) counts.set(filter, left);
      else if (counts.delete(filter)) void change(filter);
    },
  };
}
