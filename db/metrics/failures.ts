import { isUnavailable } from '../client.ts';
import { sqlState } from '../stores/violations.ts';

export const STATEMENT_FAILURES = [
  'unavailable',
  'timeout',
  'disk_full',
  'constraint',
  'deadlock',
  'other',
] as const;
export type StatementFailure = (typeof STATEMENT_FAILURES)[number];

/** Of one statement or transaction, by the classes of PostgreSQL's error codes. */
export function statementFailure(error: unknown): StatementFailure {
  const code = sqlState(error) ?? '';
  if (code === '57014') return 'timeout';
  if (code === '53100') return 'disk_full';
  if (code.startsWith('23')) return 'constraint';
  if (code === '40001' || code === '40P01') return 'deadlock';
  return isUnavailable(error) ? 'unavailable' : 'other';
}

/** The same, as a reason of the flow `database_sync`. */
export function storingFailure(error: unknown): 'unavailable' | 'disk_full' | 'internal' {
  const failure = statementFailure(error);
  if (failure === 'disk_full' || failure === 'unavailable') return failure;
  return failure === 'timeout' ? 'unavailable' : 'internal';
}
