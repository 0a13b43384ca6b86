import type { LiveState } from '../../db/live-state/types.ts';
import type { Downlink } from '../downlink.ts';
import { deviceOf, type Handler } from '../message.ts';
import { parsePairAnswer } from '../messages/answers.ts';
import { parseFields } from '../messages/json.ts';
import { Refusal } from '../refusal.ts';

/** A device's word on the key from its label. */
export function createPairResponseHandler(deps: { live: LiveState; downlink: Downlink }): Handler {
  return (message) => {
    const device = deviceOf(message);
    deps.live.beat(device);
    const answer = parsePairAnswer(parseFields(message.payload));
    if (!deps.downlink.pairAnswered(device.deviceId, answer)) {
      throw new Refusal('not_allowed', 'no pairing of this device is under way');
    }
    message.done(null);
  };
}
