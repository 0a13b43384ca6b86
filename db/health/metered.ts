import { isUnavailable } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import type { FlowMeter, FlowName } from '../domain/ports.ts';
import { isUnstorableText } from '../stores/violations.ts';

/** Whoever asked was at fault, and not the flow: a name that is taken, a text that no database stores. */
const isRefusal = (error: unknown): boolean =>
  error instanceof DomainError ? error.code !== 'DATABASE_UNAVAILABLE' : isUnstorableText(error);

/** Counts what `task` does for its flow. */
export async function metered<T>(
  flows: FlowMeter,
  flow: FlowName | undefined,
  task: () => Promise<T>,
): Promise<T> {
  if (flow === undefined) return task();
  const started = performance.now();
  try {
    const result = await task();
    flows.record(flow, performance.now() - started, true);
    return result;
  } catch (error) {
    const refused = isRefusal(error);
    const reason = refused ? 'refused' : isUnavailable(error) ? 'unavailable' : 'internal';
    flows.record(flow, performance.now() - started, refused, reason);
    throw error;
  }
}
