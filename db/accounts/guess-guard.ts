import { setTimeout as sleep } from 'node:timers/promises';
import { addressGroup } from '../domain/address.ts';
import { guessKey, triedName } from '../domain/guesses.ts';
import type { LimitWatch } from '../domain/limits.ts';
import { createThrottle } from './throttle.ts';

const MINUTE_MS = 60_000;
/** Of one name from one address: then the pair is locked for a minute. Contract, section 3. */
const FAILURES_OF_PAIR = 10;
/** Entries of each kind that are remembered. */
const MAX_KEYS = 10_000;
/** Addresses remembered for a name as its own. */
const MAX_HOMES = 20;
/** How long a try may wait for those of the same name and address, and how often it looks. */
const TURN_LIMIT_MS = 3000;
const TURN_LOOK_MS = 20;

export interface GuessGuardDeps {
  limits: { loginFailuresPerAddress: number; loginFailuresPerName: number };
  watch: LimitWatch;
  now: () => number;
}

export interface GuessGuard {
  /**
   * Takes a try, to be settled once. null when it may go ahead, else seconds to wait. Many at once wait for each
   * other, so that right ones lock nobody out.
   */
  enter(name: string, address: string): Promise<number | null>;
  settle(name: string, address: string, outcome: 'right' | 'wrong' | 'neither'): void;
}

/**
 * Slows whoever guesses passwords: one name from one address, one address that tries many names, and many addresses
 * that try one name. The last must not lock a person out of an account that others attack: who has logged in from an
 * address before may go on from there.
 */
export function createGuessGuard({ limits, watch, now }: GuessGuardDeps): GuessGuard {
  const throttle = (failures: number) =>
    createThrottle({ failures, windowMs: MINUTE_MS, lockMs: MINUTE_MS, maxKeys: MAX_KEYS, now });
  const pairs = throttle(FAILURES_OF_PAIR);
  const addresses = throttle(limits.loginFailuresPerAddress);
  const names = throttle(limits.loginFailuresPerName);
  /** By name: addresses from which it has logged in. */
  const homes = new Map<string, Set<string>>();

  const isHome = (name: string, group: string) => homes.get(name)?.has(group) === true;

  const addHome = (name: string, group: string) => {
    const known = homes.get(name) ?? new Set();
    homes.delete(name);
    homes.set(name, known);
    known.delete(group);
    known.add(group);
    for (const [map, max] of [
      [known, MAX_HOMES],
      [homes, MAX_KEYS],
    ] as const) {
      const [oldest] = map.keys();
      if (map.size > max && oldest !== undefined) map.delete(oldest);
    }
  };

  const crowded = (name: string, group: string): number | null => {
    const ofName = isHome(name, group) ? null : names.lockedFor(name);
    return addresses.lockedFor(group) ?? ofName;
  };

  return {
    enter: async (username, address) => {
      const name = triedName(username);
      const key = guessKey(name, address);
      const group = addressGroup(address);
      const deadline = now() + TURN_LIMIT_MS;
      for (;;) {
        const locked = pairs.lockedFor(key) ?? crowded(name, group);
        if (locked !== null) return locked;
        const wait = pairs.enter(key);
        if (wait === null || now() > deadline) return wait;
        await sleep(TURN_LOOK_MS);
      }
    },

    settle: (username, address, outcome) => {
      const name = triedName(username);
      const key = guessKey(name, address);
      const group = addressGroup(address);
      if (outcome === 'neither') pairs.abandoned(key);
      if (outcome === 'right') {
        pairs.succeeded(key);
        addHome(name, group);
      }
      if (outcome !== 'wrong') return;
      if (pairs.failed(key)) watch.reached('login_failures', { actor: name, address });
      if (addresses.failed(group)) watch.reached('login_failures_per_address', { actor: group, address });
      if (names.failed(name)) watch.reached('login_failures_per_name', { actor: name, address });
    },
  };
}
