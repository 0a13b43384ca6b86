import type postgres from 'postgres';
import { arrayLiteral } from '../array-literals.ts';
import type { Log } from '../domain/ports.ts';
import { sameValue } from '../domain/row.ts';
import type { StoreOutcome } from '../domain/services.ts';
import type { Reading } from '../domain/types.ts';
import { type EncodedValue, encodeValue } from '../domain/value-codec.ts';
import { lookUpPacked } from '../history/packed-lookup.ts';
import { DAY, floorTo } from '../history/spans.ts';
import type { HistoryState, HistoryStateStore } from '../history/state.ts';
import { columnsOf, dayOf, lateHours, spanOf } from './reading-columns.ts';
import { EXISTING, GUARD, INSERT, MARKS } from './reading-statements.ts';
import { isDeadlock, isUniqueViolation } from './violations.ts';

/** Another node may store the same readings, or change their place, at the same time; each round settles at least what it lost to. */
const MAX_ROUNDS = 8;
/**
 * Statements that look out for known readings after one has met some: they take half as long again, and whoever comes back
 * after a lost connection brings known ones for a while.
 */
const REPEATS = 20;
/** Days with readings that are not packed. Met only by devices that make up times while the clock of this machine is wrong. */
const MAX_OPEN_DAYS = 400;

export interface ReadingStore {
  /**
   * Stores each message's readings whole or not at all; what is stored already is left as it is.
   * null: all of them are stored. Errors of the connection are thrown, and nothing is known then.
   */
  commit(messages: readonly (readonly Reading[])[]): Promise<readonly StoreOutcome[] | null>;
}

function keyLiterals(rows: readonly Reading[]): [string, string, string] {
  const column = (pick: (row: Reading) => number) => arrayLiteral(rows.map(pick));
  return [column(({ widgetId }) => widgetId), column(({ at }) => at), column(({ seq }) => seq)];
}

/** `flat` takes ten times as long. */
function rowsOf(messages: readonly (readonly Reading[])[]): Reading[] {
  const rows: Reading[] = [];
  for (const readings of messages) for (const reading of readings) rows.push(reading);
  return rows;
}

const keyOf = (row: Reading) => `${row.widgetId}/${row.at}/${row.seq}`;

const CONFLICT: StoreOutcome = {
  ok: false,
  code: 'CONFLICT',
  message: 'another value is stored under the same widget, timestamp and seq',
};
const DROPPED: StoreOutcome = {
  ok: false,
  code: 'INVALID_TIMESTAMP',
  message: 'the raw readings of that time have been dropped',
};
const TOO_MANY_DAYS: StoreOutcome = {
  ok: false,
  code: 'INVALID_TIMESTAMP',
  message:
    'readings of too many different days have come: there is no room for another day before they are packed',
};
const STORED: StoreOutcome = { ok: true };

const unlessAll = (outcomes: readonly StoreOutcome[]) => (outcomes.every(({ ok }) => ok) ? null : outcomes);

/** `log`: told of packed readings that cannot be read. */
export function createReadingStore(sql: postgres.Sql, history: HistoryStateStore, log?: Log): ReadingStore {
  let repeats = 0;

  const run = (text: string, parameters: string[]) =>
    sql.unsafe<{ o: number; kind: number; num: number | null; txt: string | null }[]>(text, parameters, {
      prepare: true,
    });

  /** How many were new. */
  const insert = async (
    rows: readonly Reading[],
    { version, claimedBefore }: HistoryState,
    onConflict = '',
  ) => {
    const late = lateHours(rows, claimedBefore);
    const { widgets, offsets, seqs, kinds, nums, txts, base } = columnsOf(rows);
    const columns = [widgets, offsets, seqs, kinds, nums, txts, String(base)];
    const parameters = [...columns, String(version), ...(late ?? [])];
    const text = `with ${GUARD}${late === null ? '' : `, ${MARKS}`} ${INSERT} ${onConflict}`;
    return (await run(text, parameters)).count;
  };

  const isPacked = (row: Reading, { partitions }: HistoryState) =>
    partitions.chunks.has(floorTo(row.at, DAY));

  /** Mostly all are of one day. */
  const mayBePacked = (rows: readonly Reading[], state: HistoryState) => {
    const day = dayOf(rows);
    return day === null ? rows.some((row) => isPacked(row, state)) : state.partitions.chunks.has(day);
  };

  const existing = async (rows: readonly Reading[], state: HistoryState) => {
    const found = await lookUpPacked(
      sql,
      rows.filter((row) => isPacked(row, state)),
      keyOf,
      log,
    );
    const { from, to } = spanOf(rows) ?? { from: 0, to: 0 };
    const range = [String(from), String(to)];
    for (const { o, kind, num, txt } of await run(EXISTING, [...keyLiterals(rows), ...range])) {
      const row = rows[o - 1];
      if (row !== undefined) found.set(keyOf(row), { kind, num, txt });
    }
    return found;
  };

  /** Message by message, each against what is stored and what the earlier ones of the group add. null: try again. */
  const resolve = async (
    messages: readonly (readonly Reading[])[],
    rows: readonly Reading[],
    state: HistoryState,
  ) => {
    const known = await existing(rows, state);
    const fresh: Reading[] = [];
    const outcomes = messages.map((readings) => {
      const added = new Map<string, { row: Reading; value: EncodedValue }>();
      for (const row of readings) {
        const key = keyOf(row);
        const value = encodeValue(row.value);
        const stored = known.get(key) ?? added.get(key)?.value;
        if (stored === undefined) added.set(key, { row, value });
        else if (!sameValue(stored, value)) return CONFLICT;
      }
      for (const [key, { row, value }] of added) {
        known.set(key, value);
        fresh.push(row);
      }
      return STORED;
    });
    if (fresh.length === 0) return outcomes;
    try {
      return (await insert(fresh, state)) === fresh.length ? outcomes : null;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return null;
    }
  };

  /** One reading a message: whatever is skipped as known touches no other message. null: as below. */
  const skipKnown = async (rows: readonly Reading[], state: HistoryState) => {
    if ((await insert(rows, state, 'on conflict do nothing')) === rows.length) return rows.map(() => STORED);
    if (!(await history.isCurrent(state))) return null;
    const known = await existing(rows, state);
    return rows.map((row) => {
      const stored = known.get(keyOf(row));
      return stored === undefined || sameValue(stored, encodeValue(row.value)) ? STORED : CONFLICT;
    });
  };

  /** `all`: all are stored. null: the state of history is another one by now, or others stored some of the same. */
  const tryOnce = async (
    messages: readonly (readonly Reading[])[],
    rows: readonly Reading[],
    state: HistoryState,
  ): Promise<readonly StoreOutcome[] | 'all' | null> => {
    if (mayBePacked(rows, state)) return resolve(messages, rows, state);
    const single = rows.length === messages.length;
    if (single && repeats > 0) {
      repeats--;
      return skipKnown(rows, state);
    }
    try {
      // One statement is one transaction: a batch of which a part is known leaves nothing behind.
      return (await insert(rows, state)) === rows.length ? 'all' : null;
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      repeats = REPEATS;
      return single ? skipKnown(rows, state) : resolve(messages, rows, state);
    }
  };

  /** As above; whoever was given up for another one that waited begins again. */
  const tryAll: typeof tryOnce = async (...given) => {
    try {
      return await tryOnce(...given);
    } catch (error) {
      if (!isDeadlock(error)) throw error;
      return null;
    }
  };

  /** Makes the partitions that these readings need; gives the outcome of a message that has no place. */
  const place = async (message: readonly Reading[]): Promise<StoreOutcome> => {
    for (const { at } of message) {
      const { rawFrom, partitions } = await history.current();
      if (at < rawFrom) return DROPPED;
      if (partitions.readings.has(floorTo(at, DAY))) continue;
      if (partitions.readings.size >= MAX_OPEN_DAYS) return TOO_MANY_DAYS;
      await history.ensure('readings', at);
    }
    return STORED;
  };

  const hasPlace = (rows: readonly Reading[], { rawFrom, partitions }: HistoryState) => {
    const day = dayOf(rows);
    if (day !== null && day >= rawFrom) return partitions.readings.has(day);
    return rows.every(({ at }) => at >= rawFrom && partitions.readings.has(floorTo(at, DAY)));
  };

  return {
    commit: async (messages) => {
      const rows = rowsOf(messages);
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const state = round === 0 ? await history.current() : await history.load();
        if (hasPlace(rows, state)) {
          const outcomes = await tryAll(messages, rows, state);
          if (outcomes === null) continue;
          return outcomes === 'all' ? null : unlessAll(outcomes);
        }
        const places: StoreOutcome[] = [];
        for (const message of messages) places.push(await place(message));
        const placed = messages.filter((_, i) => places[i]?.ok);
        const placedRows = rowsOf(placed);
        const now = await history.current();
        // To make one place may have shown that another is gone.
        const outcomes = hasPlace(placedRows, now) ? await tryAll(placed, placedRows, now) : null;
        if (outcomes === null) continue;
        const next = (outcomes === 'all' ? placed.map(() => STORED) : outcomes).values();
        return unlessAll(places.map((outcome) => (outcome.ok ? (next.next().value ?? STORED) : outcome)));
      }
      throw new Error('the places of readings were changed by others in every round');
    },
  };
}
