import type { Commands } from '../../db/domain/services.ts';
import type { LiveState } from '../../db/live-state/types.ts';
import { deviceOf, type Handler, handleAsync } from '../message.ts';
import { parseCommandResult } from '../messages/answers.ts';
import { parseFields, requiredText } from '../messages/json.ts';
import { untilStored } from '../patience.ts';
import { Refusal } from '../refusal.ts';
import { isCorrelationId } from '../topics.ts';

const MAX_CORRELATION_ID = 64;

/** A device's word on a command, on the topic of the command or on its own with a `correlation_id`. */
export function createCommandResponseHandler(deps: { live: LiveState; commands: () => Commands }): Handler {
  return handleAsync(async (message) => {
    const device = deviceOf(message);
    deps.live.beat(device);
    const fields = parseFields(message.payload);
    const { id } = message.uplink;
    const correlationId = isCorrelationId(id)
      ? id
      : requiredText(fields, 'correlation_id', MAX_CORRELATION_ID);
    const result = parseCommandResult(fields);
    const outcome = await untilStored(message.session, () =>
      deps.commands().answer(device.pk, correlationId, result),
    );
    if (outcome === 'unknown') {
      throw new Refusal('not_allowed', 'no command with this correlation_id is addressed to this device');
    }
  });
}
