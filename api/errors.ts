import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { isUnavailable } from '../db/client.ts';
import { DomainError, type ErrorCode } from '../db/domain/errors.ts';
import type { Log } from '../db/domain/ports.ts';
import { isUnstorableText } from '../db/stores/violations.ts';
import { traceFor } from './tracing.ts';

type Status = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503 | 504;

const STATUS: Record<ErrorCode, Status> = {
  INVALID: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  QUEUE_FULL: 409,
  DEVICE_OFFLINE: 409,
  ENROLLMENT_CLOSED: 409,
  PAIR_REJECTED: 409,
  TOO_MANY_REQUESTS: 429,
  DATABASE_UNAVAILABLE: 503,
  PAIR_TIMEOUT: 504,
};

/** What HTTP itself refuses, before anything of ours is asked. */
export class HttpError extends Error {
  readonly status: 405 | 413 | 415;
  readonly code: string;

  constructor(status: 405 | 413 | 415, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const notJson = () =>
  new HttpError(415, 'UNSUPPORTED_MEDIA_TYPE', 'send JSON, with Content-Type: application/json');

export const errorBody = (error: string, code: string, details: readonly unknown[] = []) => ({
  error,
  code,
  details,
});

/** The one place where errors become answers: a text for a person, a stable code, never a stack trace. */
export function answerError(error: unknown, c: Context, log: Log): Response {
  if (error instanceof DomainError) {
    if (error.retryAfter !== undefined) c.header('Retry-After', String(error.retryAfter));
    if (error.code === 'UNAUTHORIZED') c.header('WWW-Authenticate', 'Bearer');
    return c.json(errorBody(error.message, error.code, error.details), STATUS[error.code]);
  }
  if (error instanceof HttpError) return c.json(errorBody(error.message, error.code), error.status);
  // Thrown by the validator for a body that is no JSON, or that does not say so in a valid way.
  if (error instanceof HTTPException && error.status === 400) {
    return c.json(errorBody('the body is not valid JSON', 'INVALID'), 400);
  }
  if (error instanceof HTTPException && error.status === 415) return answerError(notJson(), c, log);
  if (isUnstorableText(error)) return c.json(errorBody('text must not contain U+0000', 'INVALID'), 400);
  if (isUnavailable(error)) {
    c.header('Retry-After', '2');
    return c.json(errorBody('the database is away, try again in a moment', 'DATABASE_UNAVAILABLE'), 503);
  }
  log.error(
    { trace_id: traceFor(c)?.traceId, err: error, method: c.req.method, path: c.req.path },
    'request failed',
  );
  return c.json(errorBody('something went wrong on the server', 'INTERNAL'), 500);
}
