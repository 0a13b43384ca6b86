import { z } from '@hono/zod-openapi';
import { DomainError } from '../../db/domain/errors.ts';
import { FLOWS, type FlowName } from '../../db/domain/ports.ts';
import type { FlowReport } from '../../db/flow-meter.ts';
import type { Api, AppDeps, Ctx } from '../context.ts';
import { bearerToken } from '../guard.ts';
import { askFirst, errors, json, openRoute } from '../route.ts';
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

const health = openRoute({
  method: 'get',
  path: '/api/health',
  tags,
  responses: {
    200: json(Health, 'it works'),
    503: json(Health, 'the database is away, or its disk is full'),
  },
});

const round = (value: number | null) => (value === null ? null : Math.round(value * 1000) / 1000);

const prometheus = openRoute({
  method: 'get',
  path: '/api/metrics',
  tags,
  security: [{ bearer: ['ADMIN'] }, {}],
  responses: {
    200: {
      description: 'Prometheus text; without a token to this machine alone, and not through a proxy',
      content: { 'text/plain': { schema: z.string() } },
    },
    ...errors(401, 403),
  },
});

async function checkReader(
  c: Ctx,
  { accounts, clients }: Pick<AppDeps, 'accounts' | 'clients'>,
): Promise<void> {
  const token = bearerToken(c);
  const caller = token === null ? null : await accounts.callerOf(token);
  if (caller !== null) {
    if (caller.user.role !== 'ADMIN') throw new DomainError('FORBIDDEN', 'metrics are for admins');
    return;
  }
  const incoming = c.env?.incoming;
  const isLocal = incoming !== undefined && clients.isLocal(incoming);
  if (token !== null || !isLocal) {
    throw new DomainError('UNAUTHORIZED', 'metrics are for admins, or for this machine without a proxy');
  }
}

export function healthRoutes(api: Api, deps: AppDeps): void {
  const { flows, metrics, pingDatabase, diskState } = deps;
  api.openapi(health, async (c) => {
    let up = true;
    try {
      flows.record('database_sync', await pingDatabase(), true);
    } catch {
      up = false;
      flows.record('database_sync', 0, false);
    }
    const disk = diskState();
    if (disk === 'critical') up = false;
    const statusOf = (name: FlowName, measured: FlowReport['status']) => {
      if (name !== 'database_sync') return measured;
      if (!up) return 'down';
      return disk === 'low' && measured === 'ok' ? 'degraded' : measured;
    };
    const report = flows.report().map(({ name, status, latencyMs, lastCheck, errorRate }) => ({
      name,
      status: statusOf(name, status),
      latency_ms: round(latencyMs),
      last_check: lastCheck?.toISOString() ?? null,
      error_rate: round(errorRate),
    }));
    return up
      ? c.json({ status: 'ok' as const, flows: report }, 200)
      : c.json({ status: 'down' as const, flows: report }, 503);
  });

  const forReaders = askFirst(prometheus, (c) => checkReader(c, deps));
  api.openapi(forReaders, async (c) => {
    return c.text(await metrics.metrics(), 200, { 'Content-Type': metrics.contentType });
  });
}
