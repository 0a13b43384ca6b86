import { createRoute, z } from '@hono/zod-openapi';
import type { AccountsService } from '../../db/accounts/index.ts';
import { DomainError } from '../../db/domain/errors.ts';
import { FLOWS } from '../../db/domain/ports.ts';
import type { Api, AppDeps, Ctx } from '../context.ts';
import { addressOf, bearerToken } from '../guard.ts';
import { json } from '../route.ts';
import { time } from '../schemas.ts';

const tags = ['operation'];

const Health = z
  .object({
    status: z.enum(['ok', 'down']),
    flows: z.array(
      z.object({
        name: z.enum(FLOWS),
        status: z.enum(['ok', 'degraded', 'down', 'unknown']).openapi({
          description: 'measured over the last five minutes; unknown: nothing happened',
        }),
        latency_ms: z.number().nullable(),
        last_check: time.nullable(),
        error_rate: z.number().nullable(),
      }),
    ),
  })
  .openapi('Health');

const health = createRoute({
  method: 'get',
  path: '/api/health',
  tags,
  responses: { 200: json(Health, 'it works'), 503: json(Health, 'the database is away') },
});

const round = (value: number | null) => (value === null ? null : Math.round(value * 1000) / 1000);

async function mayReadMetrics(c: Ctx, accounts: Pick<AccountsService, 'callerOf'>): Promise<boolean> {
  const token = bearerToken(c);
  if (token !== null) return (await accounts.callerOf(token))?.user.role === 'ADMIN';
  const proxied = ['Forwarded', 'X-Forwarded-For', 'X-Real-IP', 'Via'].some(
    (name) => c.req.header(name) !== undefined,
  );
  const address = addressOf(c);
  return !proxied && (address === '::1' || address.startsWith('127.'));
}

export function healthRoutes(api: Api, { flows, metrics, accounts, pingDatabase }: AppDeps): void {
  api.openapi(health, async (c) => {
    let up = true;
    try {
      flows.record('database_sync', await pingDatabase(), true);
    } catch {
      up = false;
      flows.record('database_sync', 0, false);
    }
    const report = flows.report().map(({ name, status, latencyMs, lastCheck, errorRate }) => ({
      name,
      status: name === 'database_sync' && !up ? ('down' as const) : status,
      latency_ms: round(latencyMs),
      last_check: lastCheck?.toISOString() ?? null,
      error_rate: round(errorRate),
    }));
    return up
      ? c.json({ status: 'ok' as const, flows: report }, 200)
      : c.json({ status: 'down' as const, flows: report }, 503);
  });

  api.get('/api/metrics', async (c) => {
    if (!(await mayReadMetrics(c, accounts))) {
      throw new DomainError('UNAUTHORIZED', 'metrics are for admins, or for this machine without a proxy');
    }
    return c.body(await metrics.metrics(), 200, { 'Content-Type': metrics.contentType });
  });
}
