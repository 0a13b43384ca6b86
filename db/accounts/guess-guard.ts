import { setTimeout as sleep } from 'node:timers/promises';
import { addressGroup } from '../domain/address.ts';
import { guessKey, triedName } from '../domain/guesses.ts';
import type { LimitWatch } from '../domain/limits.ts';
import type { GuessNews } from './guess-news.ts';
import type { Homes } from './homes.ts';
import type { Visitor } from './password-gate.ts';
import { createThrottle } from './throttle.ts';

const MINUTE_MS = 60_000;
/** Of one name from one address: then the pair is locked for a minute. Contract, section 3. */
export const PAIR_LOCK = { failures: 10, windowMs: MINUTE_MS, lockMs: MINUTE_MS, maxKeys: 10_000 };
/** How long a try may wait for those of the same name and address, and how often it looks. */
const TURN_LIMIT_MS = 3000;
const TURN_LOOK_MS = 20;

export interface GuessGuardDeps {
  limits: { loginFailuresPerAddress: number; loginFailuresPerName: number };
  homes: Homes;
  news: GuessNews;
  watch: LimitWatch;
  now: () => number;
}

export interface GuessGuard {
  /**
   * Takes a try, to be settled once. null when it may go ahead, else seconds to wait. Many at once wait for each
   * other, so that right ones lock nobody out.
   */
  enter(name: string, address: string): Promise<number | null>;
  /** `crowded`: too many waited for their password to be checked. Resolves once other nodes count it too. */
  settle(name: string, address: string, outcome: 'right' | 'wrong' | 'crowded' | 'neither'): Promise<void>;
  /** As whom a try comes to where passwords are checked. */
  visitor(name: string, address: string): Visitor;
  /** The account is gone. */
  forget(name: string): void;
}

/**
 * Slows whoever guesses passwords: one name from one address, one address that tries many names, and many addresses
 * that try one name. The last two must not lock out a person whose account or network others attack: who has logged in
 * from an address before may go on from there. An address counts with all of its group: a host has 2^64 of IPv6.
 */
export function createGuessGuard({ limits, homes, news, watch, now }: GuessGuardDeps): GuessGuard {
  const throttle = (failures: number) => createThrottle({ ...PAIR_LOCK, failures, now });
  const pairs = throttle(PAIR_LOCK.failures);
  const addresses = throttle(limits.loginFailuresPerAddress);
  const names = throttle(limits.loginFailuresPerName);

  const crowded = (name: string, group: string): number | null =>
    homes.has(name, group) ? null : (addresses.lockedFor(group) ?? names.lockedFor(name));

  news.on('wrong', (name, group) => {
    pairs.failedElsewhere(guessKey(name, group));
    names.failedElsewhere(name);
    addresses.failedElsewhere(group);
  });
  news.on('crowded', (_name, group) => addresses.failedElsewhere(group));
  news.on('right', (name, group) => {
    pairs.succeededElsewhere(guessKey(name, group));
    homes.addedElsewhere(name, group);
  });
  news.on('gone', homes.forgottenElsewhere);

  return {
    enter: async (username, address) => {
      const name = triedName(username);
      const group = addressGroup(address);
      const key = guessKey(name, group);
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
      const group = addressGroup(address);
      const key = guessKey(name, group);
      let told = Promise.resolve();
      if (outcome === 'right') {
        const forgiven = pairs.succeeded(key);
        if (homes.add(name, group) || forgiven) told = news.tell('right', name, group);
      }
      if (outcome === 'wrong' || outcome === 'crowded') told = news.tell(outcome, name, group);
      if (outcome === 'neither' || outcome === 'crowded') pairs.abandoned(key);
      if (outcome === 'wrong') {
        if (pairs.failed(key)) watch.reached('login_failures', { actor: name, address });
        if (names.failed(name)) watch.reached('login_failures_per_name', { actor: name, address });
      }
      // What found no room has a price too, or whoever fills it could go on for ever; the name is not to blame.
      const priced = outcome === 'wrong' || outcome === 'crowded';
      if (priced && addresses.failed(group))
        watch.reached('login_failures_per_address', { actor: group, address });
      return told;
    },

    visitor: (username, address) => {
      const name = triedName(username);
      const group = addressGroup(address);
      const known = homes.has(name, group);
      return { known, key: known ? guessKey(name, group) : group };
    },

    forget: (username) => {
      const name = triedName(username);
      homes.forget(name);
      void news.tell('gone', name, '');
    },
  };
}
