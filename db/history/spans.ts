import type { Micros } from '../domain/types.ts';

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Start of the hour, the day (UTC) or the minute that a time lies in. */
export const floorTo = (at: Micros, span: Micros): Micros => Math.floor(at / span) * span;

/** The second of its hour. */
export const secondOf = (at: Micros): number => Math.floor((at % HOUR) / SECOND);

/** SQL of the microseconds of a column: a float8 holds them until the year 2255, but the database had divided them. */
export const sqlMicros = (column: string): string => `round(date_part('epoch', ${column}) * 1e6)`;

/** SQL that is true for a column from the one time to before the other. */
export const sqlWithin = (column: string, from: Micros, before: Micros): string =>
  `${column} >= ${sqlTime(from)} and ${column} < ${sqlTime(before)}`;

/** SQL of a time, for statements that are planned with their values: then PostgreSQL opens the partitions that it needs alone. */
export const sqlTime = (at: Micros): string => `to_timestamp(${at}::float8 / 1e6)`;
