import { getConnInfo } from '@hono/node-server/conninfo';
import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import type { AccountsService } from '../db/accounts/index.ts';
import { DomainError } from '../db/domain/errors.ts';
import type { FlowMeter } from '../db/domain/ports.ts';
import { type Ctx, type Env, hasBody } from './context.ts';
import { HttpError } from './errors.ts';

export const MAX_BODY_BYTES = 64 * 1024;

/** Remote IP address of the connection; what a proxy says of it is not believed. */
export function addressOf(c: Ctx): string {
  try {
    return (getConnInfo(c).remote.address ?? '').replace(/^::ffff:/, '');
  } catch {
    // Without a socket, as in `app.request()`.
    return '';
  }
}

/** Refuses a body that is too large, while it is read, or not JSON. */
export function bodyGuards() {
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new HttpError(413, 'PAYLOAD_TOO_LARGE', `the body is larger than ${MAX_BODY_BYTES} bytes`);
    },
  });
  const isJson = createMiddleware<Env>(async (c, next) => {
    const type = c.req.header('Content-Type')?.split(';', 1)[0]?.trim().toLowerCase();
    if (hasBody(c) && type !== 'application/json') {
      throw new HttpError(415, 'UNSUPPORTED_MEDIA_TYPE', 'send JSON, with Content-Type: application/json');
    }
    await next();
  });
  return [isJson, limit] as const;
}

/** Knows the caller by the token, or answers 401. */
export function authentication(accounts: Pick<AccountsService, 'callerOf'>) {
  return createMiddleware<Env>(async (c, next) => {
    const [scheme, token] = (c.req.header('Authorization') ?? '').split(' ');
    const caller = scheme?.toLowerCase() === 'bearer' && token ? await accounts.callerOf(token) : null;
    if (caller === null) throw new DomainError('UNAUTHORIZED', 'log in: a valid token is needed');
    c.set('caller', caller);
    await next();
  });
}

export function meterRequests(flows: FlowMeter) {
  return createMiddleware<Env>(async (c, next) => {
    const started = performance.now();
    await next();
    flows.record('api_requests', performance.now() - started, c.res.status < 500);
  });
}

/** On every answer, errors too. */
export const securityHeaders = createMiddleware<Env>(async (c, next) => {
  await next();
  const { headers } = c.res;
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('X-Frame-Options', 'DENY');
  headers.set('Referrer-Policy', 'no-referrer');
  if (!headers.has('Content-Security-Policy')) {
    headers.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  }
  if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
});
