import { createContext } from 'preact';
import { useContext, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { User } from '../client/index.ts';
import type { Messages } from '../i18n/en.ts';
import type { Format } from '../i18n/format.ts';
import { type Core, type Known, knownOf, type State, type Wanted } from '../state/index.ts';
import type { Language } from './languages.ts';

export interface Surroundings {
  core: Core;
  language: Language;
  /** null: what the browser prefers. */
  setLanguage(code: string | null): void;
}

export const SurroundingsContext = createContext<Surroundings | null>(null);

export function useSurroundings(): Surroundings {
  const found = useContext(SurroundingsContext);
  if (found === null) throw new Error('outside of the app');
  return found;
}

export const useCore = (): Core => useSurroundings().core;
export const useText = (): Messages => useSurroundings().language.messages;
export const useFormat = (): Format => useSurroundings().language.format;

/** A part of the state; the view is drawn again when that part is another one. */
export function useSelect<T>(select: (state: State) => T): T {
  const { store } = useCore();
  const [, redraw] = useState(0);
  const selected = select(store.get());
  const latest = useRef({ select, selected });
  latest.current = { select, selected };
  useLayoutEffect(() => {
    const look = () => {
      const { select: now, selected: before } = latest.current;
      if (!Object.is(now(store.get()), before)) redraw((count) => count + 1);
    };
    look();
    return store.subscribe(look);
  }, [store]);
  return selected;
}

const NOTHING: Known<never> = { value: null, failure: null };

/** What the server tells, asked for anew in each round while the view is there. null: not now. */
export function useWanted<T>(wanted: Wanted<T> | null): Known<T> {
  const { poller } = useCore();
  const latest = useRef(wanted);
  latest.current = wanted;
  const key = wanted?.key ?? null;
  useEffect(() => {
    const now = latest.current;
    return now === null || now.key !== key ? undefined : poller.watch(now);
  }, [poller, key]);
  const value = useSelect((state) => (wanted === null ? null : knownOf(state, wanted).value));
  const failure = useSelect((state) => (wanted === null ? null : knownOf(state, wanted).failure));
  return wanted === null ? NOTHING : { value, failure };
}

/** Who is logged in. */
export function useUser(): User {
  const user = useSelect(({ session }) => session?.user ?? null);
  if (user === null) throw new Error('nobody is logged in');
  return user;
}
export const useIsAdmin = (): boolean => useSelect(({ session }) => session?.user.role === 'ADMIN');

/** The time, told anew each so many milliseconds. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Does a media query hold, now and when that changes? */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const look = () => setHolds(list.matches);
    look();
    list.addEventListener('change', look);
    return () => list.removeEventListener('change', look);
  }, [query]);
  return holds;
}
