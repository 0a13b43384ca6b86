import { z } from '@hono/zod-openapi';
import { DomainError } from '../db/domain/errors.ts';
import { parseTime } from '../db/domain/time.ts';
import type { Micros } from '../db/domain/types.ts';
import type { Range } from '../db/history/query/index.ts';

const moment = z
  .string()
  .refine((text) => parseTime(text) !== null, 'an RFC 3339 time')
  .optional()
  .openapi({ example: '2026-01-15T10:30:00.000Z' });

export const rangeQuery = { from: moment, to: moment };

interface RangeQuery {
  from?: string | undefined;
  to?: string | undefined;
}

export const EVER: Range = { from: 0, to: Number.MAX_SAFE_INTEGER };

export const timeOr = (text: string | undefined, fallback: Micros): Micros =>
  text === undefined ? fallback : (parseTime(text) ?? fallback);

/** INVALID when it ends before it begins. */
export function rangeOf(query: RangeQuery, defaults: Range): Range {
  const range = { from: timeOr(query.from, defaults.from), to: timeOr(query.to, defaults.to) };
  if (range.from > range.to) throw new DomainError('INVALID', 'from must not be after to');
  return range;
}
