import { z } from '@hono/zod-openapi';
import { FLOW_FAULTS, FLOWS } from '../../db/domain/ports.ts';
import type { NodeState } from '../../db/domain/system.ts';
import type { Api, AppDeps } from '../context.ts';
import { type FlowState, flowStates } from '../flow-states.ts';
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
          description:
            'down: it fails now; degraded: some of it failed lately; unknown: its probe has not ended',
        }),
        latency_ms: z.number().nullable().openapi({ description: 'mean, or that of the probe' }),
        last_check: time.nullable(),
        error_rate: z.number().nullable(),
        last_success: time.nullable(),
        measured_by: z.enum(['traffic', 'probe']).openapi({
          description: 'traffic: the last five minutes; probe: nothing happened in them, so it was tried out',
        }),
        reason: z
          .enum(FLOW_FAULTS)
          .nullable()
          .openapi({ description: 'why it is degraded or down: docs/operations.md' }),
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

const live = openRoute({
  method: 'get',
  path: '/api/health/live',
  tags,
  responses: {
    200: json(
      z.object({ status: z.literal('ok') }),
      'the process answers; no database is asked: restart it where this fails',
    ),
  },
});

const Readiness = z.object({
  status: z.enum(['ready', 'not_ready']),
  reasons: z
    .array(z.enum(['starting', 'draining', 'database_unavailable', 'disk_full']))
    .openapi({ description: 'empty when it is ready' }),
});

const ready = openRoute({
  method: 'get',
  path: '/api/health/ready',
  tags,
  responses: {
    200: json(Readiness, 'it takes work'),
    503: json(Readiness, 'send nobody here; a restart does not help'),
  },
});

const round = (value: number | null) => (value === null ? null : Math.round(value * 1000) / 1000);

const iso = (at: Date | null) => at?.toISOString() ?? null;

const nameAndStatus = ({ name, status }: Pick<NodeState, 'name' | 'status'>) => ({ name, status });

export function healthRoutes(api: Api, deps: AppDeps): void {
  const { pingDatabase, diskState, clockTrusted, nodes, started } = deps;
  api.openapi(live, (c) => c.json({ status: 'ok' } as const, 200));

  api.openapi(ready, async (c) => {
    const reasons: z.output<typeof Readiness>['reasons'] = [];
    if (!started()) reasons.push('starting');
    if (nodes()[0]?.draining) reasons.push('draining');
    if (diskState() === 'critical') reasons.push('disk_full');
    if ((await pingDatabase()) === null) reasons.push('database_unavailable');
    if (reasons.length === 0) return c.json({ status: 'ready', reasons } as const, 200);
    return c.json({ status: 'not_ready', reasons } as const, 503);
  });

  api.openapi(health, async (c) => {
    const databaseUp = (await pingDatabase()) !== null;
    const disk = diskState();
    const up = databaseUp && disk !== 'critical';
    const corrected = (flow: FlowState): Pick<FlowState, 'status' | 'reason'> => {
      const { name, status, reason } = flow;
      const stores = name === 'database_sync' || name === 'sensor_data';
      if (stores && disk === 'critical') return { status: 'down', reason: 'disk_full' };
      if (status !== 'ok') return { status, reason };
      if (name === 'database_sync' && disk === 'low') return { status: 'degraded', reason: 'disk_full' };
      // Readings without a time of their own wait.
      if (name === 'sensor_data' && !clockTrusted()) return { status: 'degraded', reason: 'clock_wrong' };
      return { status, reason };
    };
    const report = (await flowStates(deps, databaseUp)).map((flow) => ({
      name: flow.name,
      status: corrected(flow).status,
      latency_ms: round(flow.latencyMs),
      last_check: iso(flow.lastCheck),
      error_rate: round(flow.errorRate),
      last_success: iso(flow.lastSuccess),
      measured_by: flow.measuredBy,
      reason: corrected(flow).reason,
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
