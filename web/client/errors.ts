import type { ErrorBody } from './types.ts';

/** The server refused, or answered what it never should. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Of HTTP. */
  readonly status: number;
  /** Stable, such as `NOT_FOUND`; `UNEXPECTED` when the answer has none. */
  readonly code: string;
  readonly details: readonly unknown[];
  /** When to try again, as the server tells. */
  readonly retryAfterMs: number | null;
  /** What came: JSON, or else text. `GET /api/health` tells in it why it is 503. */
  readonly body: unknown;

  constructor(message: string, of: Pick<ApiError, 'status' | 'code' | 'details' | 'retryAfterMs' | 'body'>) {
    super(message);
    this.status = of.status;
    this.code = of.code;
    this.details = of.details;
    this.retryAfterMs = of.retryAfterMs;
    this.body = of.body;
  }
}

/** No answer of the server came. What was to be changed may have been changed all the same. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly reason: 'network' | 'timeout' | 'proxy';

  constructor(reason: UnreachableError['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/** Answers by which a proxy says that there is no server behind it. */
const OF_PROXIES = new Set([502, 503, 504]);

/** The error that an answer other than 2xx stands for. */
export function refusalOf(response: Response, text: string): ApiError | UnreachableError {
  const { status } = response;
  const body = jsonOf(response, text);
  if (isErrorBody(body)) {
    const { error, code, details } = body;
    return new ApiError(error, { status, code, details, retryAfterMs: retryAfterOf(response), body });
  }
  // A 503 in JSON is ours: that of health.
  if (OF_PROXIES.has(status) && (status !== 503 || body === undefined)) {
    return new UnreachableError('proxy', `a proxy answered ${status}: the server cannot be reached`);
  }
  return unexpected(response, `the server answered ${status}`, body ?? text);
}

export const unexpected = (response: Response, message: string, body: unknown): ApiError =>
  new ApiError(message, {
    status: response.status,
    code: 'UNEXPECTED',
    details: [],
    retryAfterMs: retryAfterOf(response),
    body,
  });

/** undefined: it is no JSON. */
export function jsonOf(response: Response, text: string): unknown {
  if (!/^application\/json\b/i.test(response.headers.get('Content-Type') ?? '')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== 'object' || body === null) return false;
  const { error, code, details } = body as Partial<ErrorBody>;
  return typeof error === 'string' && typeof code === 'string' && Array.isArray(details);
}

/** Retry-After in milliseconds: of seconds, or of a date [RFC 9110, 10.2.3]. */
function retryAfterOf({ headers }: Response): number | null {
  const text = headers.get('Retry-After')?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  // By the clock of the server where it tells it: ours may be wrong.
  const now = Date.parse(headers.get('Date') ?? '');
  return Math.max(0, at - (Number.isNaN(now) ? Date.now() : now));
}
