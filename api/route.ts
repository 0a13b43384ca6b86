import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import { DomainError } from '../db/domain/errors.ts';
import { type Env, hasBody } from './context.ts';
import { ErrorBody } from './schemas.ts';

type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 504;

const MEANING: Record<ErrorStatus, string> = {
  400: 'invalid',
  401: 'no valid token',
  403: 'not allowed',
  404: 'not found, or not granted',
  409: 'conflict',
  413: 'the body is too large',
  415: 'the body is not JSON',
  429: 'too many, see Retry-After',
  503: 'the database is away',
  504: 'the device did not answer in time',
};

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
});

const error = (status: ErrorStatus) => json(ErrorBody, MEANING[status]);

/** Errors that any call may answer with a token; 400 stands for what the schemas refuse. */
export const errors = <S extends ErrorStatus>(...statuses: S[]) =>
  Object.fromEntries(statuses.map((status) => [status, error(status)])) as Record<
    S,
    ReturnType<typeof error>
  >;

/** Unknown fields are refused, also where none is known. */
const NO_QUERY = z.object({}).strict();
const noBody = createMiddleware<Env>(async (c, next) => {
  const text = hasBody(c) ? (await c.req.text()).trim() : '';
  if (text !== '' && !/^\{\s*\}$/.test(text)) throw new DomainError('INVALID', 'this call takes no body');
  await next();
});

/** A route that refuses a query and a body where its schemas name none. */
export function openRoute<P extends string, R extends Omit<RouteConfig, 'path'>>(config: R & { path: P }) {
  const { request } = config;
  return createRoute({
    ...config,
    request: { query: NO_QUERY, ...request },
    responses: { ...errors(400), ...config.responses },
    ...(request?.body === undefined && { middleware: [noBody] as const }),
  } as R & { path: P });
}

/** A route that needs a token. */
export function route<P extends string, R extends Omit<RouteConfig, 'path' | 'security'>>(
  config: R & { path: P },
) {
  return openRoute({ ...config, security: [{ bearer: [] }] });
}
