import { z } from '@hono/zod-openapi';
import { DomainError } from '../db/domain/errors.ts';
import { parseTime } from '../db/domain/time.ts';
import type { Micros } from '../db/domain/types.ts';

/** A time in a query. */
export const moment = z
  .string()
  .refine((text) => parseTime(text) !== null, 'an RFC 3339 time')
  .optional()
  .openapi({ example: '2026-01-15T10:30:00.000Z' });

export const rangeQuery = { from: moment, to: moment };

export const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };

export const micros = <T extends Micros | undefined>(text: string | undefined, fallback: T): Micros | T =>
  text === undefined ? fallback : (parseTime(text) ?? fallback);

/** Both ends included. INVALID when it ends before it begins. */
export function rangeOf<T extends Micros | undefined>(
  query: { from?: string | undefined; to?: string | undefined },
  defaults: { from: T; to: T },
): { from: Micros | T; to: Micros | T } {
  const range = { from: micros(query.from, defaults.from), to: micros(query.to, defaults.to) };
  if (range.from !== undefined && range.to !== undefined && range.from > range.to)
    throw new DomainError('INVALID', 'from must not be after to');
  return range;
}
