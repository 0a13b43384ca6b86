import type { Retention } from '../db/history/retention.ts';
import type { Reader } from './reader.ts';

const DAY = 86_400_000;

/** How long readings and their summaries are kept: what is coarser at least as long as what it was made of. */
export function readRetention({ retention, lines }: Reader): Retention {
  // A day is packed once it has been over for a day: it must not go before.
  const raw = retention('RETENTION_RAW', 30 * DAY, 3 * DAY);
  const minute = retention('RETENTION_MINUTE', 365 * DAY, 3 * DAY);
  const hour = retention('RETENTION_HOUR', null, 3 * DAY);
  const shorter = (a: number | null, b: number | null) => a !== null && (b === null || a < b);
  if (shorter(minute, raw)) lines.push('RETENTION_MINUTE: must be at least as long as RETENTION_RAW');
  if (shorter(hour, minute)) lines.push('RETENTION_HOUR: must be at least as long as RETENTION_MINUTE');
  return { raw, minute, hour };
}
