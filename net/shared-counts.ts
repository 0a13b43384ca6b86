import type { Bus } from '../db/domain/cluster.ts';

const KIND = 'connections';
/** Changes of this time are told together. */
const TELL_AFTER_MS = 1000;
/** Of one message. */
const MAX_TOLD = 2000;
/** Of `MAX_CONNECTIONS_PER_ADDRESS`: a node with fewer of an address than this does not tell of them. */
const WORTH_TELLING = 1 / 100;

/** Open connections by address group. */
type Counts = [group: string, open: number][];

interface Told {
  counts: Counts;
  /** What was told before does not count any more. */
  anew?: boolean;
}

/** Open connections of address groups at the other nodes. */
export interface AddressCounts {
  of(group: string): number;
  /** Of this node. */
  changed(group: string, open: number): void;
}

export interface AddressCountsDeps {
  bus: Bus;
  connectionsPerAddress: number;
}

/**
 * The nodes tell each other of the addresses with many connections, about once a second: what is known of the others is a
 * second old, and short by a hundredth of the limit for each. While Redis is away each node counts alone.
 */
export function createAddressCounts({ bus, connectionsPerAddress }: AddressCountsDeps): AddressCounts {
  const worth = Math.max(1, Math.floor(connectionsPerAddress * WORTH_TELLING));
  /** By node, then by group. */
  const elsewhere = new Map<string, Map<string, number>>();
  /** What the others know of this node, or will within the second. */
  const own = new Map<string, number>();
  const dirty = new Set<string>();

  const tell = (counts: Counts, anew: boolean) => {
    for (let from = 0; from === 0 || from < counts.length; from += MAX_TOLD) {
      const told: Told = { counts: counts.slice(from, from + MAX_TOLD), ...(anew && from === 0 && { anew }) };
      // What is lost while Redis is away is asked for when it is back.
      bus.tell(KIND, told);
    }
  };

  const tellChanges = () => {
    const counts = [...dirty].map((group): Counts[number] => [group, own.get(group) ?? 0]);
    dirty.clear();
    tell(counts, false);
  };

  bus.on(KIND, ({ counts, anew }: Told, from: string) => {
    if (anew) elsewhere.delete(from);
    const of = elsewhere.get(from) ?? new Map<string, number>();
    for (const [group, open] of counts) {
      if (open > 0) of.set(group, open);
      else of.delete(group);
    }
    elsewhere.set(from, of);
  });
  bus.onAnnounce(() => tell([...own], true));
  const forget = (from: string) => void elsewhere.delete(from);
  bus.onGap(forget);
  bus.onLost(forget);

  return {
    of: (group) => {
      if (elsewhere.size === 0 || !bus.ready) return 0;
      let open = 0;
      for (const counts of elsewhere.values()) open += counts.get(group) ?? 0;
      return open;
    },
    changed: (group, open) => {
      if (open >= worth) own.set(group, open);
      else if (!own.delete(group)) return;
      if (dirty.has(group)) return;
      dirty.add(group);
      if (dirty.size === 1) setTimeout(tellChanges, TELL_AFTER_MS).unref();
    },
  };
}
