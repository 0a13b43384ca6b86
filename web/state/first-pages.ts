import type { Calls, PagedCall } from '../client/index.ts';
import type { Input, Wanted } from './wanted.ts';

type Field<C, F extends string> = C extends Record<F, infer V> ? V : never;

export interface FirstPages<T> {
  items: T;
  /** Is there more behind them? */
  more: boolean;
}

/** So many pages of a list, each behind the cursor of the one before it. */
export function wantedFirst<K extends PagedCall, F extends string>(
  call: K,
  field: F,
  { pages, ...input }: Input & { pages: number },
  everyMs = 0,
): Wanted<FirstPages<Field<Calls[K]['answer'], F>>> {
  return {
    key: `${call} ${JSON.stringify({ ...input, first: pages })}`,
    everyMs,
    ask: async (client, signal) => {
      const items: unknown[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < pages; page += 1) {
        const query = { ...input.query, ...(cursor !== null && { cursor }) };
        const { value } = await client.poll(call, { ...input, query, signal } as never);
        const answer = value as unknown as Record<string, unknown>;
        items.push(...(answer[field] as unknown[]));
        cursor = answer.next_cursor as string | null;
        if (cursor === null) break;
      }
      return { items: items as Field<Calls[K]['answer'], F>, more: cursor !== null };
    },
  };
}
