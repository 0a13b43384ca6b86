import type { LiveState } from '../../db/live-state/types.ts';
import { deviceOf, type Handler } from '../message.ts';
import { parseFields } from '../messages/json.ts';
import { controlTypeOf } from '../messages/reading.ts';
import { Refusal } from '../refusal.ts';

/** A sign of life: nothing is stored as a reading, so it is acknowledged at once. */
export function createHeartbeatHandler({ live }: { live: LiveState }): Handler {
  return (message) => {
    const device = deviceOf(message);
    live.beat(device);
    const fields = parseFields(message.payload);
    if (Object.hasOwn(fields, 'control_type') && controlTypeOf(fields) !== 'heartbeat') {
      throw new Refusal(
        'unknown_type',
        'control_type must be heartbeat here; readings go to the sensor topic',
      );
    }
    message.done(null);
  };
}
