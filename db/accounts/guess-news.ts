import type { Bus } from '../domain/cluster.ts';

const KIND = 'guess';
const ASK_MS = 200;
/** Of one message. Those beyond it count at their own node alone. */
const MAX_TOLD = 1000;

/**
 * What came of a try. `name` as `triedName` cuts it; `from`: the address group, of the secret of a device the address.
 * `gone`: the account of that name is no more.
 */
export type GuessFact = [what: 'wrong' | 'crowded' | 'right' | 'secret' | 'gone', name: string, from: string];

/** Tries at other nodes count as if they were made here, so that nodes do not multiply them. */
export interface GuessNews {
  /** Resolves once the others count it, soon in any case: only then is whoever guessed told that it was wrong. */
  tell(...fact: GuessFact): Promise<void>;
  on(what: GuessFact[0], hear: (name: string, from: string) => void): void;
}

/** null: this node is alone. While Redis is away each node counts alone. */
export function createGuessNews(bus: Bus | null): GuessNews {
  if (bus === null) return { tell: () => Promise.resolve(), on: () => {} };
  const hearers = new Map<string, (name: string, from: string) => void>();
  let waiting: GuessFact[] = [];
  let telling: Promise<void> = Promise.resolve();

  const tellAll = () => {
    const facts = waiting;
    waiting = [];
    return bus.ask(KIND, facts, ASK_MS);
  };

  bus.on(KIND, (facts: GuessFact[]) => {
    for (const [what, name, from] of facts) hearers.get(what)?.(name, from);
  });

  return {
    tell: (...fact) => {
      if (waiting.length >= MAX_TOLD) return Promise.resolve();
      waiting.push(fact);
      // What comes in one turn is told together. No later: the next try may be made at another node at once.
      if (waiting.length === 1) telling = new Promise((resolve) => setImmediate(resolve)).then(tellAll);
      return telling;
    },
    on: (what, hear) => void hearers.set(what, hear),
  };
}
