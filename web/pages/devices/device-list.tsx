import { useMemo, useState } from 'preact/hooks';
import type { Device } from '../../client/index.ts';
import { isNew } from '../../state/device-list.ts';
import { useFormat, useNow, useText } from '../../ui/context.ts';
import { DeviceRow } from './device-row.tsx';

/** More than anybody reads; the search finds the others. */
const AT_FIRST = 200;
const TOLD_ANEW_MS = 10_000;

interface DeviceListProps {
  devices: readonly Device[];
  rooms: ReadonlyMap<number, string>;
  onPair: ((device: Device) => void) | null;
}

export function DeviceList({ devices, rooms, onPair }: DeviceListProps) {
  const text = useText().devices;
  const format = useFormat();
  const now = useNow(TOLD_ANEW_MS);
  const [most, setMost] = useState(AT_FIRST);
  const shown = useMemo(() => devices.slice(0, most), [devices, most]);
  const left = devices.length - shown.length;
  return (
    <>
      <ul class="device-list">
        {shown.map((device) => (
          <DeviceRow
            key={device.device_id}
            device={device}
            room={device.room_id === null ? null : (rooms.get(device.room_id) ?? null)}
            heard={device.last_heartbeat === null ? null : format.ago(device.last_heartbeat, now)}
            fresh={isNew(device, now)}
            onPair={onPair}
          />
        ))}
      </ul>
      {left > 0 && (
        <button type="button" class="button" onClick={() => setMost(most + AT_FIRST)}>
          {text.more(format.number(Math.min(left, AT_FIRST)))}
        </button>
      )}
    </>
  );
}
