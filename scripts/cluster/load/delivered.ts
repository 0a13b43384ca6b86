import type { Device } from './device.ts';
import type { Watcher } from './watcher.ts';

/** What a subscriber with a persistent session and QoS 1 was given of what was acknowledged. */
export interface Delivered {
  acknowledged: number;
  delivered: number;
  twice: number;
  missing: number;
  /** Of those that were sent and acknowledged while nothing was wrong. */
  missingInCalm: number;
}

export function deliveredTo({ seen }: Watcher, devices: ReadonlyMap<string, Device>): Delivered {
  const result = { acknowledged: 0, delivered: 0, twice: 0, missing: 0, missingInCalm: 0 };
  for (const [id, numbers] of seen) {
    const device = devices.get(id);
    result.missingInCalm += device?.calm.filter((number) => !numbers.has(number)).length ?? 0;
    for (const number of device?.book.acknowledgedNumbers() ?? []) {
      const times = numbers.get(number) ?? 0;
      result.acknowledged++;
      if (times === 0) result.missing++;
      else result.delivered++;
      if (times > 1) result.twice++;
    }
  }
  return result;
}
