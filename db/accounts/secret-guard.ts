import { isDeviceId } from '../domain/device-id.ts';
import { guessKey, triedName } from '../domain/guesses.ts';
import type { LimitWatch } from '../domain/limits.ts';
import { PAIR_LOCK } from './guess-guard.ts';
import { createThrottle } from './throttle.ts';

/** Wrong secrets of devices. */
export interface SecretGuard {
  /** Seconds until `name` may try again from `address`; null when it may try now. */
  lockedFor(name: string, address: string): number | null;
  failed(name: string, address: string): void;
}

/**
 * Slows whoever tries secrets under one name. Counted by the very address, not its group: a secret cannot be guessed,
 * and one host of a network must not lock out the devices of all the others in it.
 */
export function createSecretGuard({ watch, now }: { watch: LimitWatch; now: () => number }): SecretGuard {
  const pairs = createThrottle({ ...PAIR_LOCK, now });
  return {
    lockedFor: (name, address) => pairs.lockedFor(guessKey(name, address)),
    failed: (name, address) => {
      if (!pairs.failed(guessKey(name, address))) return;
      const actor = triedName(name);
      watch.reached('login_failures', { actor, address, ...(isDeviceId(actor) && { deviceId: actor }) });
    },
  };
}
