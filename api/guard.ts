import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import type { AccountsService } from '../db/accounts/index.ts';
import type { ClientAddresses } from '../db/domain/client-address.ts';
import { isDeviceId } from '../db/domain/device-id.ts';
import { DomainError } from '../db/domain/errors.ts';
import type { FlowReason } from '../db/domain/flow-reasons.ts';
import type { FlowMeter } from '../db/domain/ports.ts';
import type { LiveState } from '../db/live-state/types.ts';
import { type Ctx, type Env, hasBody } from './context.ts';
import { HttpError, notJson } from './errors.ts';

export const MAX_BODY_BYTES = 64 * 1024;

/** Lets pages of these origins call, with a token of their own: no cookie is ever used or accepted. */
export const crossOrigin = (origins: readonly string[]) =>
  cors({
    origin: [...origins],
    allowHeaders: ['Authorization', 'Content-Type', 'If-None-Match', 'traceparent'],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposeHeaders: ['ETag', 'Retry-After', 'Content-Disposition', 'traceresponse'],
    maxAge: 600,
  });

/** IP address of the client. */
export function addressOf(c: Ctx, clients: ClientAddresses): string {
  const incoming = c.env?.incoming;
  return incoming === undefined ? '' : clients.ofRequest(incoming);
}

/** Refuses a body that is too large, while it is read, or not JSON. */
export function bodyGuards(maxSize = MAX_BODY_BYTES) {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new HttpError(413, 'PAYLOAD_TOO_LARGE', `the body is larger than ${maxSize} bytes`);
    },
  });
  const isJson = createMiddleware<Env>(async (c, next) => {
    const type = c.req.header('Content-Type')?.split(';', 1)[0]?.trim().toLowerCase();
    if (hasBody(c) && type !== 'application/json') throw notJson();
    await next();
  });
  return [isJson, limit] as const;
}

/** Bounds the memory of a call with a large body: beyond so many under way it is TOO_MANY_REQUESTS. */
export function atMostAtOnce(limit: number) {
  let running = 0;
  return createMiddleware<Env>(async (_c, next) => {
    if (running >= limit) {
      throw new DomainError('TOO_MANY_REQUESTS', `${limit} of these calls are under way`, { retryAfter: 1 });
    }
    running++;
    try {
      await next();
    } finally {
      running--;
    }
  });
}

/** Of the `Authorization` header. */
export function bearerToken(c: Ctx): string | null {
  const [scheme, token] = (c.req.header('Authorization') ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && token ? token : null;
}

/** Knows the caller by the token, or answers 401. */
export function authentication(accounts: Pick<AccountsService, 'callerOf'>) {
  return createMiddleware<Env>(async (c, next) => {
    const token = bearerToken(c);
    const caller = token === null ? null : await accounts.callerOf(token);
    if (caller === null) throw new DomainError('UNAUTHORIZED', 'log in: a valid token is needed');
    c.set('caller', caller);
    await next();
  });
}

const REASON: Record<number, FlowReason> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'too_many',
  503: 'unavailable',
  504: 'device_timeout',
};

function reasonOf(status: number): FlowReason | undefined {
  if (status < 400) return undefined;
  return REASON[status] ?? (status < 500 ? 'invalid' : 'internal');
}

/** What balancers and monitors ask says nothing of what people get, and a 503 of it is a right answer. */
const FOR_MONITORS = /^\/api\/(health(\/.*)?|metrics)$/;

export function meterRequests(flows: FlowMeter) {
  return createMiddleware<Env>(async (c, next) => {
    const started = performance.now();
    await next();
    if (FOR_MONITORS.test(c.req.path)) return;
    const { status } = c.res;
    // 504: a device did not answer, and whoever asked was told so.
    const ok = status < 500 || status === 504;
    flows.record('api_requests', performance.now() - started, ok, reasonOf(status));
  });
}

/** Commands are waited for by whoever wants to; the rest of these changes nothing that another node must know. */
const KEPT_TO_ITSELF = /^\/api\/(widgets\/\d+\/command|auth\/login|import|history\/.*)$/;

/** A change is answered once it holds on every node: whoever asks another one next finds it done. */
export const whenTold = (told: () => Promise<void>) =>
  createMiddleware<Env>(async (c, next) => {
    await next();
    const changes = !['GET', 'HEAD', 'OPTIONS'].includes(c.req.method) && c.res.status < 400;
    if (changes && !KEPT_TO_ITSELF.test(c.req.path)) await told();
  });

const ONE_DEVICE = /^\/api\/devices\/([^/]+)/;

/** A device that has registered with another node just now is found before it is said that there is none. */
export const whenKnown = (live: Pick<LiveState, 'device'>, findDevice: (deviceId: string) => Promise<void>) =>
  createMiddleware<Env>(async (c, next) => {
    const id = ONE_DEVICE.exec(c.req.path)?.[1];
    if (id !== undefined && isDeviceId(id) && live.device(id) === undefined) await findDevice(id);
    await next();
  });
