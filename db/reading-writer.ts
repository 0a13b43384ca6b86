import type postgres from 'postgres';
import { isUnavailable } from './client.ts';
import type { Log } from './domain/ports.ts';
import type { ReadingWriter, StoreOutcome, WriteEntry } from './domain/services.ts';
import type { Reading } from './domain/types.ts';
import type { HistoryStateStore } from './history/state.ts';
import { createReadingStore, type ReadingStore } from './stores/readings.ts';
import { isDataError } from './stores/violations.ts';

/** Readings in one statement: more gains little and holds up whoever waits for the one embedded backend. */
const MAX_GROUP = 2000;
/**
 * Statements on their way at once: while the database works on one, the acknowledgements of the one before let devices
 * send what the next one takes. A second one begins only when it is worth a statement of its own: with half of what the first
 * one has, which soon makes the two alike.
 */
const MAX_FLIGHTS = 2;
const MIN_SECOND_GROUP = 200;
/** Waiting readings above which publishers are paused; they go on below half of it. */
const MAX_WAITING = 50_000;
/** The same bound for the text they carry, in UTF-16 units. */
const MAX_WAITING_TEXT = 32 * 1024 * 1024;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2000;

export interface ReadingWriterDeps {
  sql: postgres.Sql;
  history: HistoryStateStore;
  log: Log;
  /** Called for each reading after its commit, before its message is acknowledged. */
  onStored: (reading: Reading) => void;
  /** Called after each group: readings in it, milliseconds it took, why it could not be committed (null: it was). */
  onGroup?: (readings: number, milliseconds: number, failure: unknown) => void;
}

const STORED: StoreOutcome = { ok: true };

function textOf(readings: readonly Reading[]): number {
  let length = 0;
  for (const { value } of readings) if (typeof value === 'string') length += value.length;
  return length;
}

/** Group commit: the next group gathers while those before it are being stored. See `ReadingWriter`. */
export function createReadingWriter({
  sql,
  history,
  log,
  onStored,
  onGroup,
}: ReadingWriterDeps): ReadingWriter {
  const store: ReadingStore = createReadingStore(sql, history, log);
  const drainListeners: (() => void)[] = [];
  let queue: WriteEntry[] = [];
  let head = 0;
  let waiting = 0;
  let waitingText = 0;
  let saturated = false;
  let running = false;
  const flights = new Set<Promise<void>>();
  /** Readings of the flight that began last. */
  let lastGroup = 0;
  /** Readings in the queue. */
  let queued = 0;
  let scheduled = false;
  let giveUp = false;
  /** Ends the pauses of flights that wait for another try. */
  const wakers = new Set<() => void>();
  let held = false;

  const take = (): WriteEntry[] => {
    const group: WriteEntry[] = [];
    let size = 0;
    while (head < queue.length) {
      const message = queue[head];
      if (message === undefined || (size > 0 && size + message.readings.length > MAX_GROUP)) break;
      group.push(message);
      size += message.readings.length;
      head++;
    }
    queued -= size;
    lastGroup = size;
    if (head === queue.length) {
      queue = [];
      head = 0;
    } else if (head > 10_000) {
      queue = queue.slice(head);
      head = 0;
    }
    return group;
  };

  const settle = (group: readonly WriteEntry[], outcomes: readonly StoreOutcome[] | null) => {
    for (let i = 0; i < group.length; i++) {
      const message = group[i];
      if (message === undefined) continue;
      waiting -= message.readings.length;
      waitingText -= textOf(message.readings);
      const outcome = outcomes?.[i] ?? STORED;
      if (outcome.ok) for (const reading of message.readings) onStored(reading);
      message.stored(outcome);
    }
    if (saturated && waiting < MAX_WAITING / 2 && waitingText < MAX_WAITING_TEXT / 2) {
      saturated = false;
      for (const listener of drainListeners) listener();
    }
  };

  const pause = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        wakers.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      wakers.add(end);
    });
  const wake = () => {
    for (const end of [...wakers]) end();
  };

  /** A statement that the server refuses for its data is split until the one message that it is about stands alone. */
  const commit = async (group: readonly WriteEntry[]): Promise<readonly StoreOutcome[] | null> => {
    try {
      return await store.commit(group.map((message) => message.readings));
    } catch (error) {
      if (!isDataError(error)) throw error;
      if (group.length === 1) {
        log.error({ err: error }, 'a reading was refused by the database');
        return [{ ok: false, code: 'CONFLICT', message: 'the database cannot store this reading' }];
      }
      const middle = group.length >> 1;
      const first = await commit(group.slice(0, middle));
      const second = await commit(group.slice(middle));
      return [
        ...(first ?? group.slice(0, middle).map(() => STORED)),
        ...(second ?? group.slice(middle).map(() => STORED)),
      ];
    }
  };

  const flushGroup = async (group: readonly WriteEntry[]) => {
    const size = group.reduce((sum, message) => sum + message.readings.length, 0);
    for (let delay = RETRY_MIN_MS; ; delay = Math.min(delay * 2, RETRY_MAX_MS)) {
      while (held && !giveUp) await pause(RETRY_MAX_MS);
      if (giveUp) return;
      const started = performance.now();
      try {
        const outcomes = await commit(group);
        onGroup?.(size, performance.now() - started, null);
        settle(group, outcomes);
        return;
      } catch (error) {
        onGroup?.(size, performance.now() - started, error);
        const away = isUnavailable(error);
        log.warn(
          { err: error, waiting },
          away ? 'database away: acknowledgements wait' : 'storing readings failed: trying again',
        );
        if (!giveUp) await pause(delay);
      }
    }
  };

  const mayBegin = () =>
    running &&
    !held &&
    !giveUp &&
    queue.length > head &&
    (flights.size === 0 ||
      (flights.size < MAX_FLIGHTS && queued >= Math.max(MIN_SECOND_GROUP, lastGroup / 2)));

  const begin = () => {
    while (mayBegin()) {
      const flight = flushGroup(take()).finally(() => {
        flights.delete(flight);
        schedule();
      });
      flights.add(flight);
    }
  };

  const schedule = () => {
    if (scheduled || !mayBegin()) return;
    scheduled = true;
    // One turn of the loop lets all packets of one socket read join the same group.
    setImmediate(() => {
      scheduled = false;
      begin();
    });
  };

  return {
    get saturated() {
      return saturated;
    },
    fill: () => ({ depth: waiting, limit: MAX_WAITING }),
    textFill: () => ({ depth: waitingText, limit: MAX_WAITING_TEXT }),
    onDrain: (listener) => {
      drainListeners.push(listener);
    },
    hold: () => {
      held = true;
    },
    release: () => {
      if (!held) return;
      held = false;
      wake();
      schedule();
    },
    start: () => {
      running = true;
      schedule();
    },
    stop: async (milliseconds) => {
      const deadline = setTimeout(() => {
        giveUp = true;
        wake();
      }, milliseconds);
      begin();
      while (flights.size > 0) {
        await Promise.all(flights);
        begin();
      }
      clearTimeout(deadline);
      running = false;
    },
    write: (entry) => {
      const { readings } = entry;
      queue.push(entry);
      queued += readings.length;
      waiting += readings.length;
      waitingText += textOf(readings);
      if (waiting > MAX_WAITING || waitingText > MAX_WAITING_TEXT) saturated = true;
      schedule();
    },
  };
}
