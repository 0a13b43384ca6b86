import type { Device } from '../client/index.ts';

export interface DeviceFilter {
  search: string;
  /** The id of a room; `all`; `none`: those that are in no room. */
  room: number | 'all' | 'none';
  status: 'all' | 'online' | 'offline';
}

export const NO_FILTER: DeviceFilter = { search: '', room: 'all', status: 'all' };

export const isFiltering = ({ search, room, status }: DeviceFilter): boolean =>
  search.trim() !== '' || room !== 'all' || status !== 'all';

/** What was kept of a former visit, as far as it still means something. */
export function keptFilter(text: string | null): DeviceFilter {
  try {
    const { search, room, status }: Partial<DeviceFilter> = JSON.parse(text ?? '{}') ?? {};
    return {
      search: typeof search === 'string' ? search : '',
      room: typeof room === 'number' || room === 'none' ? room : 'all',
      status: status === 'online' || status === 'offline' ? status : 'all',
    };
  } catch {
    return NO_FILTER;
  }
}

function fits(device: Device, { room, status }: DeviceFilter, words: readonly string[]): boolean {
  if (room === 'none' && device.room_id !== null) return false;
  if (typeof room === 'number' && device.room_id !== room) return false;
  if (status !== 'all' && device.status !== status) return false;
  const told = [device.device_name, device.device_id, device.device_type, device.manufacturer ?? '']
    .join('\n')
    .toLowerCase();
  return words.every((word) => told.includes(word));
}

export interface DeviceLists {
  /** The newest first: somebody is waiting for it. */
  unpaired: Device[];
  /** By name. */
  paired: Device[];
}

/** The devices that a filter lets through; each word of the search must be somewhere in name, id, type or maker. */
export function deviceLists(
  devices: readonly Device[],
  filter: DeviceFilter,
  compare: (a: string, b: string) => number,
): DeviceLists {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = devices.filter((device) => fits(device, filter, words));
  return {
    unpaired: found
      .filter(({ room_id }) => room_id === null)
      .sort((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at)),
    paired: found
      .filter(({ room_id }) => room_id !== null)
      .sort((a, b) => compare(a.device_name, b.device_name) || compare(a.device_id, b.device_id)),
  };
}

const NEW_FOR_MS = 24 * 3_600_000;

/** In no room, and here since yesterday at most. */
export const isNew = ({ room_id, created_at }: Device, now: number): boolean =>
  room_id === null && now - Date.parse(created_at) < NEW_FOR_MS;
