import type { CommandValue } from './model.ts';

/** Devices say "on" in several ways. */
export const isOn = (value: CommandValue | null): boolean =>
  value === true || value === 1 || (typeof value === 'string' && /^(on|true|1)$/i.test(value));

/** "on" or "off" in the way in which the device told last; `"ON"` unless it has told. */
export function switched(told: CommandValue | null, on: boolean): CommandValue {
  if (typeof told === 'boolean') return on;
  if (typeof told === 'number') return on ? 1 : 0;
  if (told !== null && /^(true|false)$/i.test(told)) return on ? 'true' : 'false';
  if (told !== null && /^[01]$/.test(told)) return on ? '1' : '0';
  const word = on ? 'on' : 'off';
  return told === 'on' || told === 'off' ? word : word.toUpperCase();
}
