export interface Throttle {
  /** Seconds until `key` may try again; null when it may try now. */
  lockedFor(key: string): number | null;
  /**
   * Takes a try, to be settled with `failed` or `succeeded`; null when it may go ahead, else seconds to wait.
   * Tries under way count like failures, so that many at once cannot pass the limit.
   */
  enter(key: string): number | null;
  /** true: this one locked it. */
  failed(key: string): boolean;
  /** true: there was something to forgive. */
  succeeded(key: string): boolean;
  /** The same of a try that another node took. */
  failedElsewhere(key: string): void;
  succeededElsewhere(key: string): void;
  /** The try came to nothing: neither right nor wrong. */
  abandoned(key: string): void;
}

export interface ThrottleOptions {
  /** This many failures within `windowMs` lock a key for `lockMs`. */
  failures: number;
  windowMs: number;
  lockMs: number;
  /** Keys remembered; beyond it the one that failed longest ago is forgotten. */
  maxKeys: number;
  /** Milliseconds. */
  now: () => number;
}

interface Entry {
  failedAt: number[];
  running: number;
  lockedUntil: number;
}

/** Counts failures by key. No timers, no I/O. */
export function createThrottle({ failures, windowMs, lockMs, maxKeys, now }: ThrottleOptions): Throttle {
  /** Least recently failed first. */
  const entries = new Map<string, Entry>();

  const forget = (key: string, entry: Entry) => {
    const idle = entry.running === 0 && entry.failedAt.length === 0 && entry.lockedUntil <= now();
    if (idle) entries.delete(key);
  };

  const recall = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const oldest = now() - windowMs;
    entry.failedAt = entry.failedAt.filter((at) => at > oldest);
    return entry;
  };

  const remember = (key: string): Entry => {
    const entry = recall(key) ?? { failedAt: [], running: 0, lockedUntil: 0 };
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > maxKeys) {
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    }
    return entry;
  };

  const lockedFor = (key: string): number | null => {
    const entry = recall(key);
    if (entry === undefined) return null;
    const left = entry.lockedUntil - now();
    if (left > 0) return Math.ceil(left / 1000);
    forget(key, entry);
    return null;
  };

  /** true: this one locked it. */
  const count = (entry: Entry): boolean => {
    entry.failedAt.push(now());
    if (entry.failedAt.length < failures) return false;
    entry.lockedUntil = now() + lockMs;
    entry.failedAt = [];
    return true;
  };

  /** `own`: tries of this node that have come to an end. */
  const forgive = (key: string, own: number): boolean => {
    const entry = recall(key);
    if (entry === undefined) return false;
    const failed = entry.failedAt.length > 0;
    entry.running = Math.max(0, entry.running - own);
    entry.failedAt = [];
    forget(key, entry);
    return failed;
  };

  return {
    lockedFor,
    enter: (key) => {
      const locked = lockedFor(key);
      if (locked !== null) return locked;
      const entry = remember(key);
      if (entry.failedAt.length + entry.running >= failures) return 1;
      entry.running++;
      return null;
    },
    failed: (key) => {
      const entry = remember(key);
      entry.running = Math.max(0, entry.running - 1);
      return count(entry);
    },
    failedElsewhere: (key) => {
      count(remember(key));
    },
    abandoned: (key) => {
      const entry = recall(key);
      if (entry === undefined) return;
      entry.running = Math.max(0, entry.running - 1);
      forget(key, entry);
    },
    succeeded: (key) => forgive(key, 1),
    succeededElsewhere: (key) => void forgive(key, 0),
  };
}
