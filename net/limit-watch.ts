import { Counter, type Registry } from 'prom-client';
import { LIMIT_NAMES, type LimitWatch } from '../db/domain/limits.ts';
import type { EventLog, Log } from '../db/domain/ports.ts';

export function createLimitWatch(deps: { registry: Registry; events: EventLog; log: Log }): LimitWatch {
  const counter = new Counter({
    name: 'pm_iot_limits_reached_total',
    help: 'Times that a client met a limit, by limit (docs/limits.md)',
    labelNames: ['limit'],
    registers: [deps.registry],
  });
  for (const limit of LIMIT_NAMES) counter.inc({ limit }, 0);
  return {
    reached: (limit, { actor, deviceId, address }) => {
      counter.inc({ limit });
      const fresh = deps.events.record({
        kind: 'limit_reached',
        actor,
        ...(deviceId !== undefined && { deviceId }),
        detail: { limit, ...(address !== undefined && { address }) },
      });
      deps.log[fresh ? 'warn' : 'debug']({ limit, by: actor, address }, 'a limit was reached');
    },
  };
}
