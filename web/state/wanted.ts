import type { Calls, Client } from '../client/index.ts';
import type { Failure, Resource, State } from './model.ts';

export type GetCall = Extract<keyof Calls, `GET ${string}`>;
type Field<C, F extends string> = C extends Record<F, infer V> ? V : never;
export interface Input {
  params?: Record<string, string | number>;
  query?: Record<string, unknown>;
}

/** Something that a view wants to know and to be told anew. */
export interface Wanted<T> {
  key: string;
  /** Not asked for more often than so, milliseconds; 0: in each round. */
  everyMs: number;
  ask(client: Client, signal: AbortSignal): Promise<T>;
  /** For the type alone. */
  readonly value?: T;
}

/** Pages of a list that are followed: nobody scrolls through more. */
const MOST_PAGES = 50;
const PAGE = 200;

const keyOf = (call: string, input: Input) => `${call} ${JSON.stringify(input)}`;

/** One answer of the server. */
export function wanted<K extends GetCall>(
  call: K,
  input: Input = {},
  everyMs = 0,
): Wanted<Calls[K]['answer']> {
  return {
    key: keyOf(call, input),
    everyMs,
    ask: async (client, signal) => (await client.poll(call, { ...input, signal } as never)).value,
  };
}

/** A list with all its pages, each of them asked for with its own ETag. */
export function wantedAll<K extends GetCall, F extends string>(
  call: K,
  field: F,
  input: Input = {},
  everyMs = 0,
): Wanted<Field<Calls[K]['answer'], F>> {
  return {
    key: keyOf(call, { ...input, all: field } as Input),
    everyMs,
    ask: async (client, signal) => {
      const items: unknown[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const query = { ...input.query, limit: PAGE, ...(cursor !== null && { cursor }) };
        const { value } = await client.poll(call, { ...input, query, signal } as never);
        const answer = value as unknown as Record<string, unknown>;
        items.push(...(answer[field] as unknown[]));
        cursor = (answer.next_cursor as string | null | undefined) ?? null;
        if (cursor === null) break;
      }
      return items as Field<Calls[K]['answer'], F>;
    },
  };
}

const NOTHING: Resource = { value: null, failure: null, request: 0 };

export interface Known<T> {
  value: T | null;
  failure: Failure | null;
}

export const knownOf = <T>(state: State, { key }: Wanted<T>): Known<T> =>
  (state.resources.get(key) ?? NOTHING) as Known<T>;
