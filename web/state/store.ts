/** One place for what is known: events go in, a new immutable state comes out, and whoever subscribed is told. */
export interface Store<S, E> {
  get(): S;
  dispatch(event: E): void;
  /** Gives the end of the subscription. */
  subscribe(listener: () => void): () => void;
}

export function createStore<S, E>(reduce: (state: S, event: E) => S, initial: S): Store<S, E> {
  const listeners = new Set<() => void>();
  let state = initial;
  return {
    get: () => state,
    dispatch: (event) => {
      const next = reduce(state, event);
      if (next === state) return;
      state = next;
      // A listener may end its own or another subscription while it is told.
      for (const listener of [...listeners]) if (listeners.has(listener)) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
