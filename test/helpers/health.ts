import type { Rest } from './rest.ts';

export interface FlowBody {
  name: string;
  status: string;
  latency_ms: number | null;
  last_check: string | null;
  last_success: string | null;
  error_rate: number | null;
  measured_by: string;
  reason: string | null;
}
export interface HealthBody {
  status: string;
  flows: FlowBody[];
}
export interface ReadyBody {
  status: string;
  reasons: string[];
}

export const healthOf = async (rest: Rest): Promise<HealthBody> =>
  (await rest.get<HealthBody>('/api/health')).body;

export const flowOf = async (rest: Rest, name: string): Promise<FlowBody> => {
  const { flows } = await healthOf(rest);
  const flow = flows.find((each) => each.name === name);
  if (flow === undefined) throw new Error(`health tells nothing of ${name}`);
  return flow;
};

export const readiness = (rest: Rest) => rest.get<ReadyBody>('/api/health/ready');

/** Of the flows, those that are not `ok`, with the reason. */
export const troubles = ({ flows }: HealthBody): Record<string, string | null> =>
  Object.fromEntries(flows.filter(({ status }) => status !== 'ok').map(({ name, reason }) => [name, reason]));
