import type { Config } from '../config/index.ts';
import {
  createAccounts,
  createGuessGuard,
  createGuessNews,
  createHomeStore,
  createHomes,
  createLoginProbe,
  createPasswordGate,
  createPasswords,
  createSecretGuard,
  createTokens,
} from '../db/accounts/index.ts';
import type { Cluster } from '../db/domain/cluster.ts';
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
  cluster: Cluster | null;
  onStop: OnStop;
  /** An account or a log-in has been changed. */
  changed: () => void;
}

/** Who may log in, as the database has it now. */
export async function openAccounts(deps: AccountsDeps) {
  const { foundation, config, jwtSecret, limitWatch: watch, cluster, onStop, changed } = deps;
  const { part, now, sql, db, flows, eventLog } = foundation;
  const news = createGuessNews(cluster?.bus ?? null);
  const homes = createHomes({ store: createHomeStore(sql), log: part('accounts') });
  await homes.load();
  onStop(homes.stop);
  const passwords = createPasswords();
  const tokens = createTokens({ secret: jwtSecret, expiresInMs: config.jwtExpiresInMs, now });
  const gate = createPasswordGate(PASSWORD_GATE);
  foundation.queues.count('passwords', gate.fills.known);
  foundation.queues.count('passwords_of_strangers', gate.fills.strangers);
  const accounts = createAccounts({
    users: createUserStore(db),
    ...{ passwords, tokens },
    guesses: createGuessGuard({ limits: config.limits, homes, news, watch, now: monotonic }),
    gate,
    events: eventLog,
    flows,
    now,
    changed,
  });
  await accounts.load();
  return {
    accounts,
    guesses: createSecretGuard({ news, watch, now: monotonic }),
    probeLogin: createLoginProbe({ passwords, tokens, gate }),
  };
}
