import { isUnavailable } from '../client.ts';
import type { FlowFault } from '../domain/ports.ts';
import { sqlState } from '../stores/violations.ts';

/** A probe found that its flow does not work, and knows why. */
export class ProbeFault extends Error {
  readonly fault: FlowFault;

  constructor(fault: FlowFault, message: string) {
    super(message);
    this.name = 'ProbeFault';
    this.fault = fault;
  }
}

export function faultOf(error: unknown): FlowFault {
  if (error instanceof ProbeFault) return error.fault;
  const state = sqlState(error);
  if (state === '53100') return 'disk_full';
  // A transaction that may not write: a standby, or a server that was made read-only.
  if (state === '25006') return 'database_read_only';
  return isUnavailable(error) ? 'database_unavailable' : 'failed';
}
