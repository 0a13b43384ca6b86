import type { Client } from '../client/index.ts';
import type { Clock } from './clock.ts';
import { failureOf, isUnauthorized, isUnreachable, retryAfterOf } from './failure.ts';
import type { AppEvent, State } from './model.ts';
import { HURRY_FOR_MS, nextDelay } from './schedule.ts';
import type { Store } from './store.ts';
import type { Wanted } from './wanted.ts';

/** Requests of one round at a time: a browser opens six connections to a server. */
const AT_ONCE = 4;
/** Answers that nobody watches any more are kept for whoever comes back, the latest of them. */
const KEPT_UNWATCHED = 50;

interface Interest {
  wanted: Wanted<unknown>;
  /** How often each watcher wants it: the one in the greatest hurry counts. */
  everyMs: number[];
  /** When it was last asked for; null: never, or it is wanted anew. */
  askedAt: number | null;
}

export interface Poller {
  /** While somebody watches, it is asked for in each round; at once if nobody did before. Gives the end of it. */
  watch(wanted: Wanted<unknown>): () => void;
  /** Asks at once: for what is told, or for everything that is watched. */
  refresh(...keys: string[]): void;
  /** Somebody looks again: what is due by now is asked for at once, and no more than that. */
  look(): void;
  /** Faster for a while. */
  hurry(): void;
  setHidden(hidden: boolean): void;
  /** The number of the latest request; they are numbered in the order in which they begin. */
  lastRequest(): number;
  stop(): void;
}

export interface PollerDeps {
  client: Client;
  store: Store<State, AppEvent>;
  clock: Clock;
  /** Something else that each round looks after. */
  onRound(signal: AbortSignal): Promise<void>;
}

export function createPoller({ client, store, clock, onRound }: PollerDeps): Poller {
  const interests = new Map<string, Interest>();
  /** Keys that were watched, the longest ago first. */
  const unwatched = new Set<string>();
  let requests = 0;
  let hidden = false;
  let hurriedUntil = 0;
  let notBefore = 0;
  let callOff: (() => void) | null = null;
  let running: AbortController | null = null;
  /** Something came to be wanted while a round ran. */
  let again = false;
  let stopped = false;

  function plan(delay: number): void {
    callOff?.();
    callOff = stopped ? null : clock.after(delay, () => void round());
  }

  function soon(): void {
    if (running === null) plan(0);
    else again = true;
  }

  function left(key: string): void {
    interests.delete(key);
    unwatched.add(key);
    const [oldest] = unwatched;
    if (unwatched.size <= KEPT_UNWATCHED || oldest === undefined) return;
    unwatched.delete(oldest);
    store.dispatch({ kind: 'forgotten', key: oldest });
  }
  const isForgotten = (key: string) => !interests.has(key) && !unwatched.has(key);

  const isDue = ({ everyMs, askedAt }: Interest) =>
    askedAt === null || clock.now() - askedAt >= Math.min(...everyMs);

  async function round(): Promise<void> {
    if (stopped || running !== null || store.get().session === null) return;
    callOff?.();
    running = new AbortController();
    again = false;
    const { signal } = running;
    const due = [...interests.values()].filter(isDue);
    const outcome = { unreachable: false };
    const workers = Array.from({ length: Math.min(AT_ONCE, due.length) }, async () => {
      for (let next = due.shift(); next !== undefined && !outcome.unreachable; next = due.shift()) {
        await ask(next, signal, outcome);
      }
    });
    try {
      await Promise.all(workers);
      if (!signal.aborted) await onRound(signal);
    } finally {
      // A fault of the program itself is thrown on, and does not end the polling.
      running = null;
      if (outcome.unreachable && !signal.aborted) store.dispatch({ kind: 'unreachable' });
      plan(delay(signal));
    }
  }

  function delay(signal: AbortSignal): number {
    const { failures } = store.get().link;
    // Whoever has just logged in is not kept waiting for what was out of reach before.
    if (signal.aborted || (again && failures === 0)) return 0;
    return nextDelay({ failures, hidden, hurriedUntil, notBefore, now: clock.now(), random: clock.random() });
  }

  async function ask(
    interest: Interest,
    signal: AbortSignal,
    outcome: { unreachable: boolean },
  ): Promise<void> {
    const { wanted } = interest;
    const { key } = wanted;
    requests += 1;
    const request = requests;
    const askedBefore = interest.askedAt;
    interest.askedAt = clock.now();
    try {
      const value = await wanted.ask(client, signal);
      if (signal.aborted) return;
      if (!isForgotten(key)) store.dispatch({ kind: 'answered', key, value, request });
      store.dispatch({ kind: 'heard', at: clock.now() });
    } catch (error) {
      if (signal.aborted) return;
      if (isUnreachable(error)) {
        // Unless it came to be wanted anew meanwhile.
        if (interest.askedAt !== null) interest.askedAt = askedBefore;
        outcome.unreachable = true;
        return;
      }
      const failure = failureOf(error);
      if (failure === null) {
        store.dispatch({
          kind: 'refused',
          key,
          failure: { code: 'UNEXPECTED', text: String(error), status: 0 },
        });
        throw error;
      }
      if (isUnauthorized(error)) {
        store.dispatch({ kind: 'logged_out', why: 'ended' });
        return;
      }
      notBefore = Math.max(notBefore, clock.now() + retryAfterOf(error));
      store.dispatch({ kind: 'heard', at: clock.now() });
      if (!isForgotten(key)) store.dispatch({ kind: 'refused', key, failure });
    }
  }

  let session = store.get().session?.token ?? null;
  const unsubscribe = store.subscribe(() => {
    const token = store.get().session?.token ?? null;
    if (token === session) return;
    session = token;
    running?.abort();
    for (const interest of interests.values()) interest.askedAt = null;
    soon();
  });

  return {
    watch: (wanted) => {
      const interest = interests.get(wanted.key) ?? { wanted, everyMs: [], askedAt: null };
      interests.set(wanted.key, interest);
      unwatched.delete(wanted.key);
      interest.everyMs.push(wanted.everyMs);
      if (interest.everyMs.length === 1) soon();
      let watching = true;
      return () => {
        if (!watching) return;
        watching = false;
        interest.everyMs.splice(interest.everyMs.indexOf(wanted.everyMs), 1);
        if (interest.everyMs.length === 0) left(wanted.key);
      };
    },
    look: soon,
    refresh: (...keys) => {
      for (const [key, interest] of interests) {
        if (keys.length === 0 || keys.includes(key)) interest.askedAt = null;
      }
      soon();
    },
    hurry: () => {
      hurriedUntil = clock.now() + HURRY_FOR_MS;
      soon();
    },
    setHidden: (now) => {
      if (hidden === now) return;
      hidden = now;
      if (!hidden) soon();
    },
    lastRequest: () => requests,
    stop: () => {
      stopped = true;
      callOff?.();
      running?.abort();
      unsubscribe();
    },
  };
}
