import { useMemo } from 'preact/hooks';
import { wantedAll } from '../../state/index.ts';
import { useWanted } from '../../ui/context.ts';

/** Names seldom change, and there are many: what is missing is shown by its id. */
const NAMES_MS = 300_000;
const ROOMS = wantedAll('GET /api/rooms', 'rooms', {}, NAMES_MS);
const DEVICES = wantedAll('GET /api/devices', 'devices', {}, NAMES_MS);
const WIDGETS = wantedAll('GET /api/widgets', 'widgets', {}, NAMES_MS);

/** By id, of what is there today. */
export interface Names {
  rooms: ReadonlyMap<number, string>;
  devices: ReadonlyMap<string, string>;
  widgets: ReadonlyMap<number, string>;
}

export function useNames(): Names {
  const rooms = useWanted(ROOMS).value;
  const devices = useWanted(DEVICES).value;
  const widgets = useWanted(WIDGETS).value;
  return useMemo(
    () => ({
      rooms: new Map(rooms?.map(({ id, name }) => [id, name])),
      devices: new Map(devices?.map(({ device_id, device_name }) => [device_id, device_name])),
      widgets: new Map(widgets?.map(({ widget_id, name }) => [widget_id, name])),
    }),
    [rooms, devices, widgets],
  );
}
