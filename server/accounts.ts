import type { Config } from '../config/index.ts';
import {
  createAccounts,
  createGuessGuard,
  createHomeStore,
  createHomes,
  createPasswordGate,
  createPasswords,
  createTokens,
} from '../db/accounts/index.ts';
import type { LimitWatch } from '../db/domain/limits.ts';
import { monotonic } from '../db/domain/time.ts';
import { createUserStore } from '../db/stores/users.ts';
import type { Foundation, OnStop } from './foundation.ts';

/** Passwords stretched at once: 19 MiB and a thread each. */
const PASSWORD_GATE = { places: 2, placesOfStrangers: 1, waiting: 50, waitingStrangers: 25 };

export interface AccountsDeps {
  foundation: Foundation;
  config: Config;
  jwtSecret: string;
  limitWatch: LimitWatch;
  onStop: OnStop;
  /** An account or a log-in has been changed. */
  changed: () => void;
}

/** Who may log in, as the database has it now. */
export async function openAccounts({
  foundation,
  config,
  jwtSecret,
  limitWatch,
  onStop,
  changed,
}: AccountsDeps) {
  const { part, now, sql, db, flows, eventLog } = foundation;
  const homes = createHomes({ store: createHomeStore(sql), log: part('accounts') });
  await homes.load();
  onStop(homes.stop);
  const accounts = createAccounts({
    users: createUserStore(db),
    passwords: createPasswords(),
    tokens: createTokens({
      secret: jwtSecret,
      expiresInMs: config.jwtExpiresInMs,
      now,
    }),
    guesses: createGuessGuard({ limits: config.limits, homes, watch: limitWatch, now: monotonic }),
    gate: createPasswordGate(PASSWORD_GATE),
    events: eventLog,
    flows,
    now,
    changed,
  });
  await accounts.load();
  return accounts;
}
