import { z } from '@hono/zod-openapi';
import { FLOWS, type FlowName } from '../../db/domain/ports.ts';
import type { NodeState } from '../../db/domain/system.ts';
import type { FlowReport } from '../../db/flow-meter.ts';
import type { Api, AppDeps } from '../context.ts';
import { json, openRoute } from '../route.ts';
import { time } from '../schemas.ts';

const tags = ['operation'];

export const NodeStatus = z.enum(['ok', 'draining', 'down', 'unknown']).openapi({
  description:
    'down: not heard of for some seconds; unknown: the database, through which nodes hear of each other, is away',
});

const Health = z
  .object({
    status: z.enum(['ok', 'draining', 'down']).openapi({ description: 'of the node that answers' }),
    redis: z
      .enum(['ok', 'away'])
      .optional()
      .openapi({ description: 'in a cluster; away: readings are stored all the same' }),
    nodes: z
      .array(
        z.object({
          name: z.string(),
          status: NodeStatus,
        }),
      )
      .openapi({ description: 'this one first; those that have died within the hour are down' }),
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
    503: json(
      Health,
      'the database is away, its disk is full, or the node is being drained: send nobody here',
    ),
  },
});

const round = (value: number | null) => (value === null ? null : Math.round(value * 1000) / 1000);

const nameAndStatus = ({ name, status }: Pick<NodeState, 'name' | 'status'>) => ({ name, status });

export function healthRoutes(api: Api, deps: AppDeps): void {
  const { flows, pingDatabase, diskState, nodes } = deps;
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
    const [own, ...others] = nodes();
    const status: NodeState['status'] & ('ok' | 'draining' | 'down') = own?.draining
      ? 'draining'
      : up
        ? 'ok'
        : 'down';
    const told = {
      status,
      ...(own?.redis && { redis: own.redis }),
      nodes: [...(own ? [{ name: own.name, status }] : []), ...others.map(nameAndStatus)],
      flows: report,
    } satisfies z.output<typeof Health>;
    return status === 'ok' ? c.json(told, 200) : c.json(told, 503);
  });
}
