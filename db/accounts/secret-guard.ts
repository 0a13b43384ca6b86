import { isDeviceId } from '../domain/device-id.ts';
import { guessKey, triedName } from '../domain/guesses.ts';
import type { LimitWatch } from '../domain/limits.ts';
import { PAIR_LOCK } from './guess-guard.ts';
import type { GuessNews } from './guess-news.ts';
import { createThrottle } from './throttle.ts';

/** Wrong secrets of devices. */
export interface SecretGuard {
  /** Seconds until `name` may try again from `address`; null when it may try now. */
  lockedFor(name: string, address: string): number | null;
  /** Resolves once other nodes count it too. */
  failed(name: string, address: string): Promise<void>;
}

export interface SecretGuardDeps {
  news: GuessNews;
  watch: LimitWatch;
  now: () => number;
}

/**
 * Slows whoever tries secrets under one name. Counted by the very address, not its group: a secret cannot be guessed,
 * and one host of a network must not lock out the devices of all the others in it.
 */
export function createSecretGuard(deps: SecretGuardDeps): SecretGuard {
  const { news, watch, now } = deps;
  const pairs = createThrottle({ ...PAIR_LOCK, now });
  news.on('secret', (name, address) => pairs.failedElsewhere(guessKey(name, address)));
  return {
    lockedFor: (name, address) => pairs.lockedFor(guessKey(name, address)),
    failed: (name, address) => {
      const told = news.tell('secret', triedName(name), address);
      if (!pairs.failed(guessKey(name, address))) return told;
      const actor = triedName(name);
      watch.reached('login_failures', { actor, address, ...(isDeviceId(actor) && { deviceId: actor }) });
      return told;
    },
  };
}
