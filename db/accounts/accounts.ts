import { DomainError } from '../domain/errors.ts';
import { triedName } from '../domain/guesses.ts';
import type { Accounts, EventLog, FlowMeter, LoginResult, TokenRef } from '../domain/ports.ts';
import type { User } from '../domain/types.ts';
import type { Account, UserChange, UserStore } from '../stores/users.ts';
import type { GuessGuard } from './guess-guard.ts';
import { OPERATOR } from './operator.ts';
import type { PasswordGate } from './password-gate.ts';
import { passwordFault } from './password-rules.ts';
import type { Passwords } from './passwords.ts';
import { looksLikeToken, type Tokens } from './tokens.ts';

export interface AccountsDeps {
  users: UserStore;
  passwords: Passwords;
  tokens: Tokens;
  guesses: GuessGuard;
  /** Bounds how many passwords are stretched at once. */
  gate: PasswordGate;
  events: EventLog;
  flows: FlowMeter;
  now: () => number;
  /** The clock of the machine, wrong as it may be: tools that run beside the server make their tokens by it. */
  machineNow?: () => number;
  /** Other nodes are to read the accounts anew. */
  changed: () => void;
}

/** Who a request comes from. */
export interface Caller {
  user: User;
  token: TokenRef;
}

export interface NewPerson extends Omit<Parameters<UserStore['create']>[0], 'passwordHash'> {
  password: string;
}

export interface AccountsService extends Accounts {
  /** Reads all accounts: few, and asked for at every request. */
  load(): Promise<void>;
  all(): User[];
  /** Errors: UNAUTHORIZED, TOO_MANY_REQUESTS. */
  logIn(login: {
    username: string;
    password: string;
    address: string;
  }): Promise<{ token: string; expiresAt: Date; user: User }>;
  /** null: no valid token. */
  callerOf(token: string): Promise<Caller | null>;
  /** Is the token valid still, and the account as it was? False may also mean: ask `callerOf` again. */
  isStill(caller: Caller): boolean;
  /** Ends the caller's other tokens. Errors: INVALID when the current password is wrong, TOO_MANY_REQUESTS. */
  changePassword(caller: Caller, change: { current: string; next: string; address: string }): Promise<void>;
  /** Ends the caller's token. */
  logOut(caller: Caller): Promise<void>;
  /** INVALID when the password is too weak, CONFLICT when the name is taken. */
  create(person: NewPerson): Promise<User>;
  update(id: number, change: Omit<UserChange, 'passwordHash'> & { password?: string }): Promise<User>;
  remove(id: number): Promise<void>;
}

const tooMany = (retryAfter: number) =>
  new DomainError('TOO_MANY_REQUESTS', 'too many failed log-ins: try again later', { retryAfter });

const wrong = () => new DomainError('UNAUTHORIZED', 'wrong username or password');

/** People and their log-ins, kept in memory and changed only after the database was. */
export function createAccounts(deps: AccountsDeps): AccountsService {
  const { users, passwords, tokens, guesses, gate, events, flows, now, changed } = deps;
  const { machineNow = Date.now } = deps;
  let byId = new Map<number, Account>();
  let byName = new Map<string, Account>();
  let loggedOut = new Set<string>();

  let loading: Promise<void> = Promise.resolve();

  const read = async () => {
    const accounts = await users.all();
    byId = new Map(accounts.map((account) => [account.user.id, account]));
    byName = new Map(accounts.map((account) => [account.user.username, account]));
    loggedOut = new Set(await users.revokedTokens());
  };

  /** One after the other: what an earlier one read must not replace what a later one did. */
  const load = () => {
    loading = loading.then(read, read);
    return loading;
  };

  const reload = async () => {
    await load();
    changed();
  };

  const known = (id: number): User => {
    const account = byId.get(id);
    if (account === undefined) throw new DomainError('NOT_FOUND', 'no such user');
    return account.user;
  };

  const hasEnded = ({ id, expiresAt }: TokenRef, time = now()) => expiresAt <= time || loggedOut.has(id);

  // Every change of an account reads all of them anew, into other objects.
  const isStill = ({ user, token }: Caller) =>
    user === OPERATOR ? !hasEnded(token, machineNow()) : !hasEnded(token) && byId.get(user.id)?.user === user;

  const callerOf = async (token: string): Promise<Caller | null> => {
    const claims = await tokens.read(token);
    if (claims === null) return null;
    const ref = { id: claims.tokenId, expiresAt: claims.expiresAt };
    if (claims.userId === OPERATOR.id) {
      return hasEnded(ref, machineNow()) ? null : { user: OPERATOR, token: ref };
    }
    if (hasEnded(ref)) return null;
    const account = byId.get(claims.userId);
    if (account === undefined) return null;
    const valid = claims.version === account.tokenVersion || claims.tokenId === account.keptToken;
    return valid ? { user: account.user, token: ref } : null;
  };

  const authenticate = async (login: {
    username: string;
    password: string;
    address: string;
  }): Promise<LoginResult> => {
    const { username, password, address } = login;
    if (looksLikeToken(password)) {
      // A signature cannot be guessed: it counts neither for nor against the name, also when an app's token has expired.
      const caller = await callerOf(password);
      return caller?.user.username === username ? { ok: true, ...caller } : { ok: false, reason: 'invalid' };
    }
    const wait = await guesses.enter(username, address);
    if (wait !== null) {
      events.record({ kind: 'login_locked', actor: triedName(username), detail: { address } });
      return { ok: false, reason: 'locked', retryAfterSeconds: wait };
    }
    const account = byName.get(username);
    let right: boolean;
    try {
      const visitor = guesses.visitor(username, address);
      right = await gate.run(visitor, () => passwords.verify(account?.passwordHash ?? null, password));
    } catch (error) {
      const full = error instanceof DomainError;
      await guesses.settle(username, address, full ? 'crowded' : 'neither');
      if (!full) throw error;
      return { ok: false, reason: 'locked', retryAfterSeconds: error.retryAfter ?? 1 };
    }
    if (!right || account === undefined) {
      await guesses.settle(username, address, 'wrong');
      events.record({ kind: 'login_failed', actor: triedName(username), detail: { address } });
      return { ok: false, reason: 'invalid' };
    }
    void guesses.settle(username, address, 'right');
    // It may have changed while the password was checked.
    const current = byId.get(account.user.id);
    if (current?.passwordHash !== account.passwordHash) return { ok: false, reason: 'invalid' };
    return { ok: true, user: current.user, token: null };
  };

  const hash = async (field: string, password: string, username: string) => {
    const fault = passwordFault(password, username);
    if (fault !== null) throw new DomainError('INVALID', `${field}: ${fault}`);
    // Whoever sets one has shown a token.
    return gate.run({ known: true, key: username }, () => passwords.hash(password));
  };

  return {
    load,
    all: () => [...byId.values()].map(({ user }) => user),
    find: (id) => byId.get(id)?.user,
    authenticate,
    callerOf,
    isStill,

    logIn: async (login) => {
      const started = performance.now();
      // A token is no password here: it would buy the next one, and never end.
      if (looksLikeToken(login.password)) throw wrong();
      const result = await authenticate(login);
      const reason = result.ok ? undefined : result.reason === 'locked' ? 'locked' : 'wrong_credentials';
      flows.record('authentication', performance.now() - started, true, reason);
      if (!result.ok && result.reason === 'locked') {
        throw tooMany(result.retryAfterSeconds);
      }
      const account = result.ok ? byId.get(result.user.id) : undefined;
      if (account === undefined) throw wrong();
      const { user, tokenVersion } = account;
      const { token, expiresAt } = await tokens.issue({ ...user, tokenVersion });
      events.record({ kind: 'login', actor: user.username, detail: { address: login.address } });
      return { token, expiresAt, user };
    },

    changePassword: async ({ user, token }, { current, next, address }) => {
      const account = byId.get(user.id);
      if (account === undefined) throw new DomainError('UNAUTHORIZED', 'this account is gone');
      // Who has stolen a token must not find the password out with it.
      const result = await authenticate({ username: user.username, password: current, address });
      if (!result.ok && result.reason === 'locked') throw tooMany(result.retryAfterSeconds);
      if (!result.ok || looksLikeToken(current))
        throw new DomainError('INVALID', 'current_password is wrong');
      await users.setPassword(account, await hash('new_password', next, user.username), token.id);
      await reload();
      events.record({ kind: 'password_changed', actor: user.username });
    },

    logOut: async ({ user, token }) => {
      await users.revokeToken(token);
      loggedOut.add(token.id);
      changed();
      events.record({ kind: 'logout', actor: user.username });
    },

    create: async ({ password, ...person }) => {
      const passwordHash = await hash('password', password, person.username);
      const id = await users.create({ ...person, passwordHash });
      await reload();
      return known(id);
    },

    update: async (id, { password, ...change }) => {
      const { username } = known(id);
      await users.update(id, {
        ...change,
        ...(password !== undefined && { passwordHash: await hash('password', password, username) }),
      });
      await reload();
      return known(id);
    },

    remove: async (id) => {
      const username = byId.get(id)?.user.username;
      await users.remove(id);
      if (username !== undefined) guesses.forget(username);
      await reload();
    },
  };
}
