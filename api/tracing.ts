import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Log } from '../db/domain/ports.ts';
import { type Trace, traceOf, traceresponse } from '../db/domain/trace.ts';
import type { Env } from './context.ts';
import { isComplete } from './headers.ts';

/** Undefined for what no middleware of ours has seen. */
export const traceFor = (c: Context): Trace | undefined => c.get('trace') as Trace | undefined;

export const tracingHeaders = (c: Context): { traceresponse?: string } => {
  const trace = traceFor(c);
  return trace === undefined ? {} : { traceresponse: traceresponse(trace) };
};

/** Gives each request the id under which the log tells of it and of what comes of it: the caller's own, if it has one. */
export const traced = (log: Log) =>
  createMiddleware<Env>(async (c, next) => {
    const started = performance.now();
    const trace = traceOf(c.req.header('traceparent'));
    c.set('trace', trace);
    await next();
    const { res } = c;
    if (!isComplete(res)) res.headers.set('traceresponse', traceresponse(trace));
    log.debug(
      {
        trace_id: trace.traceId,
        method: c.req.method,
        path: c.req.path,
        status: res.status,
        ms: performance.now() - started,
      },
      'request',
    );
  });
