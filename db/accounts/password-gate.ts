import { DomainError } from '../domain/errors.ts';
import type { Fill } from '../metrics/queues.ts';

/** Who has a password stretched. */
export interface Visitor {
  /** Strangers take turns by address group, those who are known by name and group. */
  key: string;
  /** Has logged in from there before, or acts with a token. */
  known: boolean;
}

export interface PasswordGate {
  /** Runs `task` when it is its turn. Throws TOO_MANY_REQUESTS (retry after 1 s) when too many wait already. */
  run<T>(visitor: Visitor, task: () => Promise<T>): Promise<T>;
  /** Of those who wait. */
  fills: Record<'known' | 'strangers', () => Fill>;
}

export interface PasswordGateOptions {
  /** Tasks that run at once. */
  places: number;
  /** Of these, for strangers: fewer, so that those who are known never wait for a stranger to leave. */
  placesOfStrangers: number;
  waiting: number;
  waitingStrangers: number;
}

interface Waiter {
  start(): void;
  refuse(): void;
}

/** Those who wait, one of each key in turn: who brings many waits behind its own. */
function createQueue(limit: number) {
  /** The key whose turn is next first. */
  const lines = new Map<string, Waiter[]>();
  let size = 0;

  const longest = (): Waiter[] => {
    let found: Waiter[] = [];
    for (const line of lines.values()) if (line.length > found.length) found = line;
    return found;
  };

  return {
    add: (key: string, waiter: Waiter): void => {
      const line = lines.get(key) ?? [];
      if (size >= limit) {
        const fullest = longest();
        // The place goes to who has fewer; between equals who came first keeps it.
        const loser = fullest.length > line.length + 1 ? fullest.pop() : undefined;
        if (loser === undefined) {
          waiter.refuse();
          return;
        }
        size--;
        loser.refuse();
      }
      line.push(waiter);
      size++;
      lines.set(key, line);
    },
    fill: (): Fill => ({ depth: size, limit }),
    take: (): Waiter | undefined => {
      const [first] = lines;
      if (first === undefined) return undefined;
      const [key, line] = first;
      const waiter = line.shift();
      lines.delete(key);
      if (line.length > 0) lines.set(key, line);
      size--;
      return waiter;
    },
  };
}

/** Bounds how many passwords are stretched at once, so that a crowd of strangers holds up nobody who is known. */
export function createPasswordGate(options: PasswordGateOptions): PasswordGate {
  const { places, placesOfStrangers, waiting, waitingStrangers } = options;
  const known = { queue: createQueue(waiting), places, running: 0 };
  const strangers = { queue: createQueue(waitingStrangers), places: placesOfStrangers, running: 0 };
  let running = 0;

  const advance = () => {
    // Strangers first, into the few places that they have: nor do those who are known hold them all.
    for (const lane of [strangers, known]) {
      while (running < places && lane.running < lane.places) {
        const next = lane.queue.take();
        if (next === undefined) break;
        running++;
        lane.running++;
        next.start();
      }
    }
  };

  return {
    fills: { known: known.queue.fill, strangers: strangers.queue.fill },
    run: async (visitor, task) => {
      const lane = visitor.known ? known : strangers;
      await new Promise<void>((start, reject) => {
        const refuse = () =>
          reject(
            new DomainError('TOO_MANY_REQUESTS', 'too much at once, try again in a second', {
              retryAfter: 1,
            }),
          );
        if (running < places && lane.running < lane.places) {
          running++;
          lane.running++;
          start();
        } else lane.queue.add(visitor.key, { start, refuse });
      });
      try {
        return await task();
      } finally {
        running--;
        lane.running--;
        advance();
      }
    },
  };
}
