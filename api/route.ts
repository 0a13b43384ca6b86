import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { DomainError } from '../db/domain/errors.ts';
import type { Role } from '../db/domain/types.ts';
import { type Ctx, type Env, hasBody, userOf } from './context.ts';
import { atMostAtOnce, bodyGuards } from './guard.ts';
import { decimalOf, ErrorBody } from './schemas.ts';

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

type Config<P extends string> = Omit<RouteConfig, 'path' | 'security' | 'middleware'> & { path: P };

/** Who may call is asked before anything of the request is looked at: `first` runs before the schemas. */
function made<P extends string, R extends Config<P>>(
  config: R & { path: P },
  statuses: ErrorStatus[],
  first: MiddlewareHandler<Env>[] = [],
  roles?: Role[],
  maxBodyBytes?: number,
) {
  const { request, method } = config;
  const mayHaveBody = method !== 'get';
  return createRoute({
    ...config,
    ...(roles !== undefined && { security: [{ bearer: roles }] }),
    request: { query: NO_QUERY, ...request },
    responses: {
      ...errors(400, ...statuses, ...(mayHaveBody ? ([413, 415] as const) : [])),
      ...config.responses,
    },
    middleware: [
      ...first,
      ...(mayHaveBody ? bodyGuards(maxBodyBytes) : []),
      ...(request?.body === undefined ? [noBody] : []),
    ],
  } as unknown as R & { path: P });
}

const only = (roles: Role[], refusal: string) =>
  createMiddleware<Env>(async (c, next) => {
    if (!roles.includes(userOf(c).role)) throw new DomainError('FORBIDDEN', refusal);
    await next();
  });
const admins = only(['ADMIN'], 'only an admin may do this');
const people = only(['ADMIN', 'USER'], 'an integration may use MQTT only');

/** For everybody, with a token or without. Each route refuses a query and a body where its schemas name none. */
export const openRoute = <P extends string, R extends Config<P>>(config: R & { path: P }) => made(config, []);

/** For whoever has a token. */
export const callerRoute = <P extends string, R extends Config<P>>(config: R & { path: P }) =>
  made(config, [401], [], []);

/** For people, who use rooms: integrations have MQTT alone. */
export const personRoute = <P extends string, R extends Config<P>>(config: R & { path: P }) =>
  made(config, [401, 403], [people], ['ADMIN', 'USER']);

export const adminRoute = <P extends string, R extends Config<P>>(config: R & { path: P }) =>
  made(config, [401, 403], [admins], ['ADMIN']);

/** For admins, with a body of its own bound: only so many are in memory at once. */
export const adminUploadRoute = <P extends string, R extends Config<P>>(
  config: R & { path: P },
  { maxBodyBytes, atOnce }: { maxBodyBytes: number; atOnce: number },
) => made(config, [401, 403, 429], [admins, atMostAtOnce(atOnce)], ['ADMIN'], maxBodyBytes);

/** The route, with a question of its own before its schemas look at the request. */
export function askFirst<R extends RouteConfig>(route: R, ask: (c: Ctx) => unknown): R {
  const asking = createMiddleware<Env>(async (c, next) => {
    await ask(c);
    await next();
  });
  return { ...route, middleware: [route.middleware ?? [], asking].flat() };
}

/** Of what was not granted nothing is told, not even what is wrong with a body. */
export const findFirst = <R extends RouteConfig>(route: R, find: (c: Ctx, id: number) => unknown): R =>
  askFirst(route, (c) => {
    const id = decimalOf(c.req.param('id') ?? '');
    return id === null ? null : find(c, id);
  });
