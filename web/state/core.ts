import { type Client, createClient } from '../client/index.ts';
import type { Clock } from './clock.ts';
import { type Commander, createCommander } from './commander.ts';
import { isUnauthorized } from './failure.ts';
import { type AppEvent, initialState, type Session, type State } from './model.ts';
import { createPoller, type Poller } from './poller.ts';
import { reduce } from './reduce.ts';
import { createStore, type Store } from './store.ts';

/** Where a session outlives the page. */
export interface SessionKeeper {
  read(): Session | null;
  write(session: Session | null): void;
}

export interface CoreDeps {
  baseUrl?: string;
  fetch?: typeof fetch;
  clock: Clock;
  keeper: SessionKeeper;
}

/** All that the app knows and does, without a view. */
export interface Core {
  store: Store<State, AppEvent>;
  client: Client;
  poller: Poller;
  commander: Commander;
  logIn(login: { username: string; password: string }): Promise<void>;
  /** The token is ended on the server, where it can be reached. */
  logOut(): Promise<void>;
  /** Asks the server for a change, and then for what is watched. Throws what the client throws. */
  run<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Takes over what another tab has done. */
  adopt(session: Session | null): void;
  stop(): void;
}

export function createCore({ baseUrl = '', fetch, clock, keeper }: CoreDeps): Core {
  const kept = keeper.read();
  const store = createStore(
    reduce,
    initialState(kept !== null && kept.expiresAt > clock.now() ? kept : null),
  );
  const client = createClient({
    baseUrl,
    token: () => store.get().session?.token ?? null,
    ...(fetch !== undefined && { fetch }),
  });
  const poller = createPoller({ client, store, clock, onRound: (signal) => commander.follow(signal) });
  const commander = createCommander({ client, store, poller });
  let session = store.get().session;
  let adopting = false;
  const unsubscribe = store.subscribe(() => {
    const now = store.get().session;
    if (now === session) return;
    if (now?.token !== session?.token) client.forget();
    session = now;
    if (!adopting) keeper.write(now);
  });

  return {
    store,
    client,
    poller,
    commander,
    logIn: async (login) => {
      const { token, expires_at, user } = await client.call('POST /api/auth/login', { body: login });
      store.dispatch({ kind: 'logged_in', session: { token, expiresAt: Date.parse(expires_at), user } });
    },
    logOut: async () => {
      // Its request has the token already; whoever leaves is not kept waiting for a server that does not answer.
      const told = client.call('POST /api/auth/logout');
      store.dispatch({ kind: 'logged_out', why: 'logged_out' });
      await told;
    },
    run: async (work) => {
      const asked = session?.token;
      try {
        const result = await work(client);
        poller.refresh();
        return result;
      } catch (error) {
        if (isUnauthorized(error) && session?.token === asked)
          store.dispatch({ kind: 'logged_out', why: 'ended' });
        throw error;
      }
    },
    adopt: (other) => {
      if (other?.token === session?.token) return;
      adopting = true;
      store.dispatch(
        other === null ? { kind: 'logged_out', why: 'logged_out' } : { kind: 'logged_in', session: other },
      );
      adopting = false;
    },
    stop: () => {
      unsubscribe();
      poller.stop();
    },
  };
}
