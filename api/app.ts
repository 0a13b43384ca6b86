import { OpenAPIHono } from '@hono/zod-openapi';
import { DomainError } from '../db/domain/errors.ts';
import type { Api, AppDeps, Env } from './context.ts';
import { answerError, HttpError } from './errors.ts';
import { faultsOf } from './faults.ts';
import { authentication, crossOrigin, meterRequests, whenKnown, whenTold } from './guard.ts';
import { authRoutes } from './routes/auth.ts';
import { credentialRoutes } from './routes/credentials.ts';
import { deviceRoutes } from './routes/devices.ts';
import { docsRoutes } from './routes/docs.ts';
import { enrollmentRoutes } from './routes/enrollments.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { historyRoutes } from './routes/history.ts';
import { historyUpkeepRoutes } from './routes/history-upkeep.ts';
import { importRoutes } from './routes/import.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { readingRoutes } from './routes/readings.ts';
import { roomRoutes } from './routes/rooms.ts';
import { systemRoutes } from './routes/system.ts';
import { userRoutes } from './routes/users.ts';
import { widgetRoutes } from './routes/widgets.ts';
import { traced } from './tracing.ts';
import { webAppRoutes } from './web-app.ts';

/** Answered without a token, or with a rule of their own. */
const OPEN_PATHS = new Set([
  '/api/auth/login',
  '/api/health',
  '/api/health/live',
  '/api/health/ready',
  '/api/metrics',
  '/api/ca.crt',
  '/api/openapi.json',
  '/api/docs',
]);
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The REST side of the process: no listener, no global state. */
export function createApp(deps: AppDeps): Api {
  const { accounts, flows, log, corsOrigins } = deps;
  const api: Api = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (result.success) return;
      const given = 'data' in result ? result.data : undefined;
      const details = faultsOf(result.error.issues, given, result.target);
      const text = details.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw new DomainError('INVALID', text, { details });
    },
  });
  api.onError((error, c) => answerError(error, c, log));
  api.use('/api/*', traced(log));
  if (corsOrigins.length > 0) api.use('/api/*', crossOrigin(corsOrigins));
  api.use('/api/*', meterRequests(flows));
  const authenticated = authentication(accounts);
  api.use('/api/*', (c, next) => (OPEN_PATHS.has(c.req.path) ? next() : authenticated(c, next)));

  if (deps.others !== null) {
    api.use('/api/*', whenTold(deps.others.told));
    api.use('/api/devices/*', whenKnown(deps.live, deps.others.findDevice));
  }

  authRoutes(api, deps);
  userRoutes(api, deps);
  roomRoutes(api, deps);
  widgetRoutes(api, deps);
  historyRoutes(api, deps);
  historyUpkeepRoutes(api, deps);
  readingRoutes(api, deps);
  importRoutes(api, deps);
  deviceRoutes(api, deps);
  credentialRoutes(api, deps);
  eventRoutes(api, deps);
  enrollmentRoutes(api, deps);
  healthRoutes(api, deps);
  metricsRoutes(api, deps);
  systemRoutes(api, deps);
  nodeRoutes(api, deps);
  docsRoutes(api, deps);
  webAppRoutes(api, deps.webApp);

  api.notFound((c) => {
    const known = METHODS.filter((method) => method !== c.req.method && isRouted(api, method, c.req.path));
    if (known.length === 0) throw new DomainError('NOT_FOUND', `there is nothing at ${c.req.path}`);
    c.header('Allow', known.join(', '));
    throw new HttpError(405, 'METHOD_NOT_ALLOWED', `use ${known.join(' or ')} here`);
  });
  return api;
}

/** Does a handler of its own (no middleware) answer this method and path? */
function isRouted(api: Api, method: string, path: string): boolean {
  const [handlers] = api.router.match(method, path);
  return handlers.some(([[, route]]) => route.method === method);
}
