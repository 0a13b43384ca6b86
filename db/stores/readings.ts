import type postgres from 'postgres';
import type { StoreOutcome } from '../domain/services.ts';
import type { Reading } from '../domain/types.ts';
import { type EncodedValue, encodeValue } from '../domain/value-codec.ts';

/**
 * Parameters go as text and are cast: the driver would cut a `timestamptz` to milliseconds. A float8 holds
 * microseconds exactly until the year 2255, and `to_timestamp` rounds to them.
 */
const COLUMNS = `select w, to_timestamp(a::float8 / 1e6), s, k, n, t
  from unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[], $4::text::smallint[],
              $5::text::float8[], $6::text::text[]) as r(w, a, s, k, n, t)`;
const INSERT = `insert into readings (widget_id, at, seq, kind, num, txt) ${COLUMNS}`;
const INSERT_NEW = `${INSERT} on conflict do nothing`;
const EXISTING = `select i.o::int as o, e.kind, e.num, e.txt
  from unnest($1::text::int[], $2::text::bigint[], $3::text::bigint[]) with ordinality as i(w, a, s, o)
  join readings e on e.widget_id = i.w and e.at = to_timestamp(i.a::float8 / 1e6) and e.seq = i.s`;

const UNIQUE_VIOLATION = '23505';
/** Another node may store the same readings at the same time; each round settles at least what it lost to. */
const MAX_ROUNDS = 5;

export interface ReadingStore {
  /**
   * Stores each message's readings whole or not at all; what is stored already is left as it is.
   * null: all of them are stored. Errors of the connection are thrown, and nothing is known then.
   */
  commit(messages: readonly (readonly Reading[])[]): Promise<readonly StoreOutcome[] | null>;
}

interface Row extends Reading {
  encoded: EncodedValue;
}

const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

function keyLiterals(rows: readonly Row[]): [string, string, string] {
  let ids = '';
  let ats = '';
  let seqs = '';
  for (const row of rows) {
    ids += `,${row.widgetId}`;
    ats += `,${row.at}`;
    seqs += `,${row.seq}`;
  }
  return [`{${ids.slice(1)}}`, `{${ats.slice(1)}}`, `{${seqs.slice(1)}}`];
}

function literals(rows: readonly Row[]): string[] {
  let kinds = '';
  let nums = '';
  let texts = '';
  for (const { encoded } of rows) {
    kinds += `,${encoded.kind}`;
    nums += encoded.num === null ? ',NULL' : `,${Object.is(encoded.num, -0) ? '-0' : encoded.num}`;
    texts += encoded.txt === null ? ',NULL' : `,${quote(encoded.txt)}`;
  }
  return [...keyLiterals(rows), `{${kinds.slice(1)}}`, `{${nums.slice(1)}}`, `{${texts.slice(1)}}`];
}

const keyOf = (row: Reading) => `${row.widgetId}/${row.at}/${row.seq}`;
const same = (a: EncodedValue, b: EncodedValue) => a.kind === b.kind && a.num === b.num && a.txt === b.txt;

const CONFLICT: StoreOutcome = {
  ok: false,
  code: 'CONFLICT',
  message: 'another value is stored under the same widget, timestamp and seq',
};
const STORED: StoreOutcome = { ok: true };

function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** SQLSTATE classes 22 (data) and 23 (constraints): trying the same again cannot help. */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(errorCode(error));
}

export function createReadingStore(sql: postgres.Sql): ReadingStore {
  const run = (text: string, parameters: string[]) =>
    sql.unsafe<{ o: number; kind: number; num: number | null; txt: string | null }[]>(text, parameters, {
      prepare: true,
    });

  const existing = async (rows: readonly Row[]) => {
    const found = new Map<string, EncodedValue>();
    for (const { o, kind, num, txt } of await run(EXISTING, keyLiterals(rows))) {
      const row = rows[o - 1];
      if (row !== undefined) found.set(keyOf(row), { kind, num, txt });
    }
    return found;
  };

  /** Message by message, each against what is stored and what the earlier ones of the group add. */
  const resolve = async (messages: readonly (readonly Row[])[]) => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const known = await existing(messages.flat());
      const fresh: Row[] = [];
      const outcomes = messages.map((rows) => {
        const added = new Map<string, Row>();
        for (const row of rows) {
          const key = keyOf(row);
          const stored = known.get(key) ?? added.get(key)?.encoded;
          if (stored === undefined) added.set(key, row);
          else if (!same(stored, row.encoded)) return CONFLICT;
        }
        for (const [key, row] of added) {
          known.set(key, row.encoded);
          fresh.push(row);
        }
        return STORED;
      });
      if (fresh.length === 0) return outcomes;
      try {
        await run(INSERT, literals(fresh));
        return outcomes;
      } catch (error) {
        if (errorCode(error) !== UNIQUE_VIOLATION) throw error;
      }
    }
    throw new Error('readings were changed by others in every round');
  };

  return {
    commit: async (messages) => {
      const encoded = messages.map((readings) =>
        readings.map((reading) => ({ ...reading, encoded: encodeValue(reading.value) })),
      );
      const rows = encoded.flat();
      if (rows.length === 0) return null;
      if (rows.length === messages.length) {
        // One reading each: whatever is skipped as known touches no other message.
        const { count } = await run(INSERT_NEW, literals(rows));
        if (count === rows.length) return null;
        const known = await existing(rows);
        return rows.map((row) => {
          const stored = known.get(keyOf(row));
          return stored === undefined || same(stored, row.encoded) ? STORED : CONFLICT;
        });
      }
      try {
        // One statement is one transaction: a batch of which a part is known leaves nothing behind.
        await run(INSERT, literals(rows));
        return null;
      } catch (error) {
        if (errorCode(error) !== UNIQUE_VIOLATION) throw error;
        return resolve(encoded);
      }
    },
  };
}
