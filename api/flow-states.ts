import type { FlowFault, FlowName } from '../db/domain/ports.ts';
import type { FlowMeterService, FlowReport } from '../db/flow-meter.ts';
import type { FlowProbes } from '../db/health/probes.ts';

/** A flow that went well within this needs no probe. */
const FRESH_MS = 30_000;

/** They end in the database: while it is away none of them works, whatever went well a moment ago. */
const NEED_DATABASE: ReadonlySet<FlowName> = new Set<FlowName>([
  'authentication',
  'device_registration',
  'sensor_data',
  'commands',
  'widget_visibility',
  'heartbeat',
  'room_management',
  'database_sync',
]);

export interface FlowState extends Pick<FlowReport, 'name' | 'status' | 'latencyMs' | 'errorRate'> {
  lastCheck: Date | null;
  lastSuccess: Date | null;
  /** What the numbers are of. */
  measuredBy: 'traffic' | 'probe';
  /** null where the flow is well. */
  reason: FlowFault | null;
}

const latest = (...times: (Date | null | undefined)[]): Date | null =>
  times.reduce<Date | null>(
    (newest, time) => (time != null && (newest === null || time > newest) ? time : newest),
    null,
  );

export interface FlowStatesDeps {
  flows: FlowMeterService;
  probes: FlowProbes;
  now: () => number;
}

/** Each flow by what really happened, and by a probe where that says too little, or that something fails. */
export async function flowStates(
  { flows, probes, now }: FlowStatesDeps,
  databaseUp: boolean,
): Promise<FlowState[]> {
  const isAway = (name: FlowName) => !databaseUp && NEED_DATABASE.has(name);
  const isDoubtful = ({ status, lastSuccess }: FlowReport) =>
    status !== 'ok' || lastSuccess === null || Math.abs(now() - lastSuccess.getTime()) > FRESH_MS;
  const doubtful = flows.report().filter((flow) => isDoubtful(flow) && !isAway(flow.name));
  const probed = new Set(doubtful.map(({ name }) => name));
  await probes.refresh([...probed]);

  return flows.report().map((traffic): FlowState => {
    const { name } = traffic;
    const probe = probed.has(name) ? probes.last(name) : null;
    const fault = isAway(name) ? 'database_unavailable' : (probe?.fault ?? null);
    const common = { name, lastSuccess: latest(traffic.lastSuccess, probe?.lastSuccess) };
    if (traffic.status !== 'unknown') {
      // What fails now and then, and works when it is tried, is not down.
      const status = fault !== null ? 'down' : traffic.status === 'ok' ? 'ok' : 'degraded';
      const { latencyMs, errorRate, lastCheck } = traffic;
      const reason = fault ?? (status === 'ok' ? null : traffic.fault);
      return { ...common, status, latencyMs, errorRate, lastCheck, measuredBy: 'traffic', reason };
    }
    const failed = { ...common, measuredBy: 'probe', reason: fault, latencyMs: null } as const;
    if (isAway(name)) return { ...failed, status: 'down', errorRate: 1, lastCheck: new Date(now()) };
    // Its first probe has not ended in time.
    if (probe === null)
      return { ...failed, status: 'unknown', errorRate: null, lastCheck: traffic.lastCheck };
    const lastCheck = probe.at;
    if (fault !== null) return { ...failed, status: 'down', errorRate: 1, lastCheck };
    return { ...failed, status: 'ok', latencyMs: probe.latencyMs, errorRate: 0, lastCheck };
  });
}
