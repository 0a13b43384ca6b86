import type { Log } from '../db/domain/ports.ts';
import { formatMicros } from '../db/domain/time.ts';
import type { LiveState } from '../db/live-state/types.ts';
import type { BrokerCounters } from './counters.ts';
import type { Message } from './message.ts';
import type { Refusal } from './refusal.ts';
import { topicOf } from './topics.ts';

export interface RefusalsDeps {
  live: LiveState;
  counters: BrokerCounters;
  log: Log;
  now: () => number;
  /** QoS 0, to whoever has subscribed. */
  publish(topic: string, payload: string): void;
}

/** Counts a refusal, keeps it as the device's last error, and tells the device. */
export function createRefusals({ live, counters, log, now, publish }: RefusalsDeps) {
  return ({ session, topic }: Message, { reason, code, message }: Refusal): void => {
    counters.refused(reason);
    log.debug({ client: session.name, topic, reason }, 'message refused');
    const { device, identity } = session;
    const error = { topic, code, message, timestamp: formatMicros(now() * 1000) };
    if (device !== null) live.setLastError(device, error);
    if (identity.kind !== 'person') publish(topicOf.errors(identity.deviceId), JSON.stringify(error));
  };
}
