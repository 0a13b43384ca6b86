import { ApiError, UnreachableError } from '../client/index.ts';
import type { Failure } from './model.ts';

/** What a person is told of an error; null for one that the program made itself, which is thrown on. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof ApiError) return { code: error.code, text: error.message, status: error.status };
  if (error instanceof UnreachableError) return { code: 'UNREACHABLE', text: error.message, status: 0 };
  return null;
}

export const isUnauthorized = (error: unknown) => error instanceof ApiError && error.status === 401;
export const isUnreachable = (error: unknown) => error instanceof UnreachableError;
/** Milliseconds that the server asked to be left alone for. */
export const retryAfterOf = (error: unknown): number =>
  error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
