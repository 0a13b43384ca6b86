import type { Device } from './device.ts';
import type { Watcher } from './watcher.ts';

/** What a subscriber with a persistent session and QoS 1 was given of what was acknowledged. */
export interface Delivered {
  acknowledged: number;
  delivered: number;
  twice: number;
  missing: number;
}

export function deliveredTo({ seen }: Watcher, devices: ReadonlyMap<string, Device>): Delivered {
  const result = { acknowledged: 0, delivered: 0, twice: 0, missing: 0 };
  for (const [id, numbers] of seen) {
    for (const number of devices.get(id)?.book.acknowledgedNumbers() ?? []) {
      const times = numbers.get(number) ?? 0;
      result.acknowledged++;
      if (times === 0) result.missing++;
      else result.delivered++;
      if (times > 1) result.twice++;
    }
  }
  return result;
}
