import { z } from '@hono/zod-openapi';
import { DomainError } from '../db/domain/errors.ts';
import { decimalOr } from './schemas.ts';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

export const pageQuery = {
  limit: decimalOr(DEFAULT_LIMIT, 1, MAX_LIMIT),
  cursor: z.string().max(200).optional().openapi({ description: '`next_cursor` of the page before' }),
};

export const nextCursor = z.string().nullable().openapi({ description: 'null at the end' });

/** Where a page ended, in a form that nobody need understand. */
export function encodeCursor(...key: number[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The numbers of a cursor, null without one. INVALID when it is none of ours. */
export function decodeCursor(cursor: string | undefined, length: number): number[] | null {
  if (cursor === undefined) return null;
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    key = null;
  }
  if (!Array.isArray(key) || key.length !== length || !key.every(Number.isSafeInteger)) {
    throw new DomainError('INVALID', 'cursor: not one that this server gave');
  }
  return key;
}

/** One page of rows of which one more than `limit` was asked for; `last` is where the next page begins after, if there is one. */
export function cutPage<T>(rows: readonly T[], limit: number): { page: readonly T[]; last: T | undefined } {
  if (rows.length <= limit) return { page: rows, last: undefined };
  const page = rows.slice(0, limit);
  return { page, last: page.at(-1) };
}

/** One page of what is in memory, by an ascending number. */
export function pageOf<T>(
  items: Iterable<T>,
  keyOf: (item: T) => number,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): { page: T[]; next: string | null } {
  const [after = 0] = decodeCursor(cursor, 1) ?? [];
  const page: T[] = [];
  // Concurrent inserts may have been told in another order than that of their keys.
  for (const item of [...items].sort((a, b) => keyOf(a) - keyOf(b))) {
    if (keyOf(item) <= after) continue;
    if (page.length === limit) {
      const last = page.at(-1);
      return { page, next: last === undefined ? null : encodeCursor(keyOf(last)) };
    }
    page.push(item);
  }
  return { page, next: null };
}
