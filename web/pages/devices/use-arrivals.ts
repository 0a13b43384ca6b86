import { useRef } from 'preact/hooks';
import type { Device } from '../../client/index.ts';

const NONE: readonly Device[] = [];

/** The devices that were not there when this began to look, in the order in which they came. */
export function useArrivals(devices: readonly Device[] | null): readonly Device[] {
  const before = useRef<ReadonlySet<string> | null>(null);
  if (devices === null) return NONE;
  before.current ??= new Set(devices.map(({ device_id }) => device_id));
  const known = before.current;
  return devices.filter(({ device_id }) => !known.has(device_id));
}
