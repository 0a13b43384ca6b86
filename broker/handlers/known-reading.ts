import { seqOf, timeOf, valueFault } from '../../db/domain/reading-rules.ts';
import type { ControlType, Micros, Value } from '../../db/domain/types.ts';
import { capabilityKey, type LiveDevice, type LiveWidget } from '../../db/live-state/types.ts';
import type { Fields } from '../messages/json.ts';

export interface KnownReading {
  widget: LiveWidget;
  value: Value;
  /** null: the time of arrival. */
  at: Micros | null;
  seq: number;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const isPlain = (value: unknown): value is Value => valueFault(value) === null;

const isOf = ({ capability }: LiveWidget, type: string, control: string): boolean =>
  capability.capabilityType === type && capability.controlType === control;

function widgetOf(device: LiveDevice, type: string, control: string): LiveWidget | null {
  const last = device.lastReported;
  if (last !== null && isOf(last, type, control)) return last;
  const widget = device.byCapability.get(capabilityKey(type, control as ControlType));
  // Another pair of names can make the same key.
  if (widget === undefined || !isOf(widget, type, control)) return null;
  device.lastReported = widget;
  return widget;
}

/**
 * A single reading of a widget that there is: names that are known need no check of their own. null: anything else, of which
 * `parseReadings` tells what is the matter with it. Where both give a reading, it is the same.
 */
export function knownReading(device: LiveDevice, fields: Fields): KnownReading | null {
  const { capability_type: type, control_type: control, value, unit, timestamp, seq } = fields;
  if (typeof type !== 'string' || typeof control !== 'string') return null;
  const widget = widgetOf(device, type, control);
  if (widget === null) return null;
  if (isGiven(unit) && unit !== widget.capability.unit) return null;
  if (!isPlain(value)) return null;
  const number = seqOf(seq);
  const at = isGiven(timestamp) ? timeOf(timestamp) : null;
  if (number === null || (at === null && isGiven(timestamp))) return null;
  return { widget, value, at, seq: number };
}
