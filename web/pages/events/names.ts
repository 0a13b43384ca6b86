import { useMemo } from 'preact/hooks';
import { DEVICES, ROOMS, seldom, WIDGETS } from '../../state/index.ts';
import { useWanted } from '../../ui/context.ts';

/** Names seldom change, and there are many: what is missing is shown by its id. */
const NAMES_MS = 300_000;

/** By id, of what is there today. */
export interface Names {
  rooms: ReadonlyMap<number, string>;
  devices: ReadonlyMap<string, string>;
  widgets: ReadonlyMap<number, string>;
}

export function useNames(): Names {
  const rooms = useWanted(seldom(ROOMS, NAMES_MS)).value;
  const devices = useWanted(seldom(DEVICES, NAMES_MS)).value;
  const widgets = useWanted(seldom(WIDGETS, NAMES_MS)).value;
  return useMemo(
    () => ({
      rooms: new Map(rooms?.map(({ id, name }) => [id, name])),
      devices: new Map(devices?.map(({ device_id, device_name }) => [device_id, device_name])),
      widgets: new Map(widgets?.map(({ widget_id, name }) => [widget_id, name])),
    }),
    [rooms, devices, widgets],
  );
}
