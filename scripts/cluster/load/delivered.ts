import type { Device } from './device.ts';
import { count } from './phases.ts';
import type { Watcher } from './watcher.ts';

/** What a subscriber with a persistent session and QoS 1 was given of what was acknowledged. */
export interface Delivered {
  acknowledged: number;
  delivered: number;
  twice: number;
  missing: number;
  /** By what was wrong when they were sent. */
  missingBy: Record<string, number>;
}

/** What is on its way to another node when Redis ends is lost with it, however well all was when it was sent. */
const ON_ITS_WAY_MS = 1000;

function nameOf(circumstance: Device['circumstances'][number] | undefined): string {
  if (circumstance === undefined) return 'unknown';
  const { phase, at } = circumstance;
  const isLast = phase.endedAt !== null && at > phase.endedAt - ON_ITS_WAY_MS;
  return phase.name === 'calm' && isLast ? 'a moment before a fault' : phase.name;
}

export function deliveredTo({ seen }: Watcher, devices: ReadonlyMap<string, Device>): Delivered {
  const result: Delivered = { acknowledged: 0, delivered: 0, twice: 0, missing: 0, missingBy: {} };
  for (const [id, numbers] of seen) {
    const device = devices.get(id);
    for (const number of device?.book.acknowledgedNumbers() ?? []) {
      const times = numbers.get(number) ?? 0;
      result.acknowledged++;
      if (times > 0) result.delivered++;
      if (times > 1) result.twice++;
      if (times > 0) continue;
      result.missing++;
      count(result.missingBy, nameOf(device?.circumstances[number]));
    }
  }
  return result;
}
