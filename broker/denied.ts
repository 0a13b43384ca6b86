import type { EventLog, Log } from '../db/domain/ports.ts';
import { createRepeats } from '../db/domain/repeats.ts';
import { monotonic } from '../db/domain/time.ts';
import type { BrokerCounters } from './counters.ts';
import { type Identity, nameOf } from './identity.ts';

const MAX_SHOWN_TOPIC = 200;
/** The same attempt is logged once within this, for so many of them. */
const LOG_WINDOW_MS = 60_000;
const MAX_LOGGED = 100;

/** Told of what somebody tried and may not. */
export type Denied = (
  identity: Identity,
  action: 'publish' | 'subscribe',
  topic: string,
  address: string,
) => void;

export function createDenied(deps: { counters: BrokerCounters; events: EventLog; log: Log }): Denied {
  const isNew = createRepeats({ windowMs: LOG_WINDOW_MS, maxKeys: MAX_LOGGED, now: monotonic });
  return (identity, action, topic, address) => {
    const { counters, events, log } = deps;
    const shown = topic.slice(0, MAX_SHOWN_TOPIC);
    counters.denied(action);
    events.record({
      kind: 'denied',
      actor: nameOf(identity),
      ...(identity.kind !== 'person' && { deviceId: identity.deviceId }),
      detail: { action, topic: shown, address },
    });
    const client = nameOf(identity);
    const level = isNew(JSON.stringify([client, action, shown])) ? 'info' : 'debug';
    log[level]({ client, action, topic: shown, address }, 'not allowed');
  };
}
