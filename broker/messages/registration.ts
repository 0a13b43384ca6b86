import { isDeviceId } from '../../db/domain/device-id.ts';
import { MAX_TYPE_LENGTH, MAX_UNIT_LENGTH } from '../../db/domain/reading-rules.ts';
import { isLongerThan } from '../../db/domain/text.ts';
import type { Capability } from '../../db/domain/types.ts';
import { MAX_CAPABILITIES } from '../../db/stores/capabilities.ts';
import type { Registration } from '../../db/stores/register-device.ts';
import { Refusal } from '../refusal.ts';
import { asFields, type Fields, optionalNumber, optionalText, requiredText, storable } from './json.ts';
import { controlTypeOf } from './reading.ts';

const MAX_NAME = 100;
const MAX_DEVICE_TYPE = 50;
const MAX_VERSION = 50;
const MAX_OPTIONS = 100;
const MAX_OPTION_LENGTH = 100;

function optionsOf({ options }: Fields): string[] | null {
  if (options === undefined || options === null) return null;
  const isText = (option: unknown) =>
    typeof option === 'string' && option !== '' && !isLongerThan(option, MAX_OPTION_LENGTH);
  if (!Array.isArray(options) || options.length > MAX_OPTIONS || !options.every(isText)) {
    throw new Refusal(
      'bad_field',
      `options must be a list of at most ${MAX_OPTIONS} texts of 1 to ${MAX_OPTION_LENGTH} characters`,
    );
  }
  return options.map((option: string) => storable(option, 'options'));
}

function capabilityOf(fields: Fields): Capability {
  const min = optionalNumber(fields, 'min');
  const max = optionalNumber(fields, 'max');
  if (min !== null && max !== null && min > max) throw new Refusal('bad_field', 'min must not be above max');
  return {
    capabilityType: requiredText(fields, 'capability_type', MAX_TYPE_LENGTH),
    controlType: controlTypeOf(fields),
    min,
    max,
    unit: optionalText(fields, 'unit', MAX_UNIT_LENGTH),
    options: optionsOf(fields),
  };
}

/** By identity (type and control), the last one counts: a device may list one twice. */
function capabilitiesOf({ capabilities }: Fields): Capability[] {
  if (capabilities === undefined || capabilities === null) return [];
  if (!Array.isArray(capabilities)) throw new Refusal('bad_field', 'capabilities must be a list');
  if (capabilities.length > MAX_CAPABILITIES) {
    throw new Refusal('limit', `a device may have ${MAX_CAPABILITIES} capabilities at most`);
  }
  const distinct = new Map<string, Capability>();
  for (const [i, entry] of capabilities.entries()) {
    try {
      const capability = capabilityOf(asFields(entry, 'a capability'));
      distinct.set(JSON.stringify([capability.capabilityType, capability.controlType]), capability);
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(error.reason, `capabilities[${i}]: ${error.message}`);
      throw error;
    }
  }
  return [...distinct.values()];
}

/** Throws a Refusal that names the field. */
export function parseRegistration(fields: Fields): Registration {
  const deviceId = requiredText(fields, 'device_id', 64);
  if (!isDeviceId(deviceId)) {
    throw new Refusal('bad_field', 'device_id must be 1 to 64 of A-Z a-z 0-9 . _ : -');
  }
  return {
    deviceId,
    name: requiredText(fields, 'device_name', MAX_NAME),
    type: requiredText(fields, 'device_type', MAX_DEVICE_TYPE),
    version: optionalText(fields, 'version', MAX_VERSION),
    manufacturer: optionalText(fields, 'manufacturer', MAX_NAME),
    capabilities: capabilitiesOf(fields),
  };
}
