import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../domain/errors.ts';
import type { Gate } from '../domain/gate.ts';
import { guessKey, triedName } from '../domain/guesses.ts';
import type { Accounts, EventLog, FlowMeter, LoginResult } from '../domain/ports.ts';
import type { User } from '../domain/types.ts';
import type { Account, UserChange, UserStore } from '../stores/users.ts';
import type { Passwords } from './passwords.ts';
import type { Throttle } from './throttle.ts';
import { looksLikeToken, type Tokens } from './tokens.ts';

/** How long a try may wait for those of the same name and address, and how often it looks. */
const TURN_LIMIT_MS = 3000;
const TURN_LOOK_MS = 20;

export interface AccountsDeps {
  users: UserStore;
  passwords: Passwords;
  tokens: Tokens;
  throttle: Throttle;
  /** Bounds how many passwords are stretched at once. */
  gate: Gate;
  events: EventLog;
  flows: FlowMeter;
  now: () => number;
}

/** Who a request comes from. */
export interface Caller {
  user: User;
  tokenId: string;
}

export interface NewPerson extends Omit<Parameters<UserStore['create']>[0], 'passwordHash'> {
  password: string;
}

export interface AccountsService extends Accounts {
  /** Reads all accounts: few, and asked for at every request. */
  load(): Promise<void>;
  all(): User[];
  find(id: number): User | undefined;
  /** Errors: UNAUTHORIZED, TOO_MANY_REQUESTS. */
  logIn(login: {
    username: string;
    password: string;
    address: string;
  }): Promise<{ token: string; expiresAt: Date; user: User }>;
  /** null: no valid token. */
  callerOf(token: string): Promise<Caller | null>;
  /** Ends the caller's other tokens. Errors: INVALID when the current password is wrong, TOO_MANY_REQUESTS. */
  changePassword(caller: Caller, change: { current: string; next: string; address: string }): Promise<void>;
  create(person: NewPerson): Promise<User>;
  update(id: number, change: Omit<UserChange, 'passwordHash'> & { password?: string }): Promise<User>;
  remove(id: number): Promise<void>;
}

const tooMany = (retryAfter: number) =>
  new DomainError('TOO_MANY_REQUESTS', 'too many failed log-ins: try again later', { retryAfter });

/** People and their log-ins, kept in memory and changed only after the database was. */
export function createAccounts(deps: AccountsDeps): AccountsService {
  const { users, passwords, tokens, throttle, gate, events, flows, now } = deps;
  let byId = new Map<number, Account>();
  let byName = new Map<string, Account>();

  let loading: Promise<void> = Promise.resolve();

  const read = async () => {
    const accounts = await users.all();
    byId = new Map(accounts.map((account) => [account.user.id, account]));
    byName = new Map(accounts.map((account) => [account.user.username, account]));
  };

  /** One after the other: what an earlier one read must not replace what a later one did. */
  const load = () => {
    loading = loading.then(read, read);
    return loading;
  };

  const known = (id: number): User => {
    const account = byId.get(id);
    if (account === undefined) throw new DomainError('NOT_FOUND', 'no such user');
    return account.user;
  };

  const callerOf = async (token: string): Promise<Caller | null> => {
    const claims = await tokens.read(token);
    if (claims === null || claims.expiresAt <= now()) return null;
    const account = byId.get(claims.userId);
    if (account === undefined) return null;
    const valid = claims.version === account.tokenVersion || claims.tokenId === account.keptToken;
    return valid ? { user: account.user, tokenId: claims.tokenId } : null;
  };

  const isRight = async (account: Account | undefined, password: string): Promise<boolean> => {
    // The token of another user, or none of ours: never stretched as a password.
    if (looksLikeToken(password)) return false;
    return gate.run(() => passwords.verify(account?.passwordHash ?? null, password));
  };

  /** Tries of one name from one address beyond the limit wait for those under way: right ones lock nobody out. */
  const enterInTurn = async (key: string): Promise<number | null> => {
    const deadline = now() + TURN_LIMIT_MS;
    for (;;) {
      if (throttle.lockedFor(key) !== null) return throttle.lockedFor(key);
      const wait = throttle.enter(key);
      if (wait === null || now() > deadline) return wait;
      await sleep(TURN_LOOK_MS);
    }
  };

  const authenticate = async (login: {
    username: string;
    password: string;
    address: string;
  }): Promise<LoginResult> => {
    const { username, password, address } = login;
    const key = guessKey(username, address);
    const caller = looksLikeToken(password) ? await callerOf(password) : null;
    // A signature cannot be guessed: it counts neither for nor against the name.
    if (caller !== null && caller.user.username === username) return { ok: true, user: caller.user };
    const wait = await enterInTurn(key);
    if (wait !== null) {
      events.record({ kind: 'login_locked', actor: triedName(username), detail: { address } });
      return { ok: false, reason: 'locked', retryAfterSeconds: wait };
    }
    const account = byName.get(username);
    let right: boolean;
    try {
      right = await isRight(account, password);
    } catch (error) {
      throttle.abandoned(key);
      if (!(error instanceof DomainError)) throw error;
      return { ok: false, reason: 'locked', retryAfterSeconds: error.retryAfter ?? 1 };
    }
    if (!right || account === undefined) {
      throttle.failed(key);
      events.record({ kind: 'login_failed', actor: triedName(username), detail: { address } });
      return { ok: false, reason: 'invalid' };
    }
    throttle.succeeded(key);
    // It may have changed while the password was checked.
    const current = byId.get(account.user.id);
    return current === undefined ? { ok: false, reason: 'invalid' } : { ok: true, user: current.user };
  };

  const hash = (password: string) => gate.run(() => passwords.hash(password));

  return {
    load,
    all: () => [...byId.values()].map(({ user }) => user),
    find: (id) => byId.get(id)?.user,
    authenticate,
    callerOf,

    logIn: async (login) => {
      const started = performance.now();
      const result = await authenticate(login);
      flows.record('authentication', performance.now() - started, true);
      if (!result.ok && result.reason === 'locked') {
        throw tooMany(result.retryAfterSeconds);
      }
      const account = result.ok ? byId.get(result.user.id) : undefined;
      if (account === undefined) throw new DomainError('UNAUTHORIZED', 'wrong username or password');
      const { user, tokenVersion } = account;
      const { token, expiresAt } = await tokens.issue({ ...user, tokenVersion });
      events.record({ kind: 'login', actor: user.username, detail: { address: login.address } });
      return { token, expiresAt, user };
    },

    changePassword: async ({ user, tokenId }, { current, next, address }) => {
      const account = byId.get(user.id);
      if (account === undefined) throw new DomainError('UNAUTHORIZED', 'this account is gone');
      // Who has stolen a token must not find the password out with it.
      const result = await authenticate({ username: user.username, password: current, address });
      if (!result.ok && result.reason === 'locked') throw tooMany(result.retryAfterSeconds);
      if (!result.ok || looksLikeToken(current))
        throw new DomainError('INVALID', 'current_password is wrong');
      await users.setPassword(account, await hash(next), tokenId);
      await load();
      events.record({ kind: 'password_changed', actor: user.username });
    },

    create: async ({ password, ...person }) => {
      const id = await users.create({ ...person, passwordHash: await hash(password) });
      await load();
      return known(id);
    },

    update: async (id, { password, ...change }) => {
      known(id);
      await users.update(id, {
        ...change,
        ...(password !== undefined && { passwordHash: await hash(password) }),
      });
      await load();
      return known(id);
    },

    remove: async (id) => {
      await users.remove(id);
      await load();
    },
  };
}
