import type { EventLog, Log } from '../db/domain/ports.ts';
import type { BrokerCounters } from './counters.ts';
import { type Identity, nameOf } from './identity.ts';

const MAX_SHOWN_TOPIC = 200;

/** Told of what somebody tried and may not. */
export type Denied = (
  identity: Identity,
  action: 'publish' | 'subscribe',
  topic: string,
  address: string,
) => void;

export function createDenied(deps: { counters: BrokerCounters; events: EventLog; log: Log }): Denied {
  return (identity, action, topic, address) => {
    const { counters, events, log } = deps;
    const shown = topic.slice(0, MAX_SHOWN_TOPIC);
    counters.denied(action);
    const fresh = events.record({
      kind: 'denied',
      actor: nameOf(identity),
      ...(identity.kind !== 'person' && { deviceId: identity.deviceId }),
      detail: { action, topic: shown, address },
    });
    log[fresh ? 'info' : 'debug']({ client: nameOf(identity), action, topic: shown, address }, 'not allowed');
  };
}
