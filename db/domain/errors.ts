/** Stable codes of what can go wrong; each edge (REST, MQTT) translates them in one place. */
export type ErrorCode =
  | 'INVALID'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'TOO_MANY_REQUESTS'
  | 'QUEUE_FULL'
  | 'DEVICE_OFFLINE'
  | 'ENROLLMENT_CLOSED'
  | 'PAIR_REJECTED'
  | 'PAIR_TIMEOUT'
  | 'DATABASE_UNAVAILABLE';

/** An expected failure, with a message fit for the person or device that caused it. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly unknown[];
  /** Seconds until a retry makes sense, for TOO_MANY_REQUESTS. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly unknown[]; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomainError';
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfter = options.retryAfter;
  }
}
