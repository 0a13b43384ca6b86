import type { Registry } from 'prom-client';
import type { FlowMeter } from '../domain/ports.ts';
import { storingFailure } from './failures.ts';
import { createHistogram } from './tally.ts';

const GROUP_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
/** Seconds. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface CommitMeter {
  /** `failure` null: the group is stored. */
  record(readings: number, milliseconds: number, failure: unknown): void;
}

/** Groups of readings on their way into the database: one observation for each group, not for each reading. */
export function createCommitMeter(registry: Registry, flows: FlowMeter): CommitMeter {
  const sizes = createHistogram({
    registry,
    name: 'pm_iot_commit_group_readings',
    help: 'Readings that were committed together',
    buckets: GROUP_BUCKETS,
  });
  const durations = createHistogram({
    registry,
    name: 'pm_iot_commit_duration_seconds',
    help: 'How long a commit of readings took',
    buckets: DURATION_BUCKETS,
  });
  return {
    record: (readings, milliseconds, failure) => {
      if (failure !== null) {
        flows.record('database_sync', milliseconds, false, storingFailure(failure));
        return;
      }
      flows.record('database_sync', milliseconds, true);
      sizes.observe(readings);
      durations.observe(milliseconds / 1000);
    },
  };
}
