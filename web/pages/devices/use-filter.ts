import { useState } from 'preact/hooks';
import { type DeviceFilter, keptFilter, NO_FILTER } from '../../state/device-list.ts';

const KEY = 'pm-iot-devices';

function read(): DeviceFilter {
  try {
    return keptFilter(sessionStorage.getItem(KEY));
  } catch {
    return NO_FILTER;
  }
}

/** Whoever looks at a device and comes back finds the list as it was. */
export function useFilter(): [DeviceFilter, (change: Partial<DeviceFilter>) => void] {
  const [filter, setFilter] = useState(read);
  return [
    filter,
    (change) => {
      const next = { ...filter, ...change };
      setFilter(next);
      try {
        sessionStorage.setItem(KEY, JSON.stringify(next));
      } catch {
        // It holds as long as the page is looked at, then.
      }
    },
  ];
}
