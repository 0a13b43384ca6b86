import type { Device } from '../../client/index.ts';
import { useText } from '../../ui/context.ts';
import { Icon } from '../../ui/icon.tsx';
import { memo } from '../../ui/memo.ts';
import { linkTo } from '../../ui/route.ts';
import { StateBadge } from './state-badge.tsx';

interface DeviceRowProps {
  device: Device;
  /** null: in none. */
  room: string | null;
  /** "3 minutes ago"; null: never. */
  heard: string | null;
  fresh: boolean;
  /** null: whoever looks may not. */
  onPair: ((device: Device) => void) | null;
}

/** One of many: drawn again only when something that it shows is another. */
export const DeviceRow = memo(function DeviceRow({ device, room, heard, fresh, onPair }: DeviceRowProps) {
  const text = useText();
  const words = text.devices;
  const { device_id, device_name, device_type, room_id, status } = device;
  return (
    <li class={status === 'online' ? 'device-row' : 'device-row is-offline'}>
      <div class="device-main">
        <p class="device-title">
          <a href={linkTo('devices', device_id)} title={device_name}>
            {device_name}
          </a>
          {fresh && <span class="badge accent">{words.newMark}</span>}
        </p>
        <p class="device-id">{device_id}</p>
      </div>
      <p class="device-type">
        <span class="visually-hidden">{words.type}: </span>
        {device_type}
      </p>
      <p class={room_id === null ? 'device-room muted' : 'device-room'}>
        <span class="visually-hidden">{text.common.room}: </span>
        {room ?? text.common.noRoom}
      </p>
      <p class="device-state">
        <StateBadge device={device} />
        {status === 'offline' && (
          <span class="device-heard">{heard === null ? words.neverHeard : words.lastHeard(heard)}</span>
        )}
      </p>
      <div class="device-do">
        {onPair !== null && room_id === null ? (
          <button
            type="button"
            class="button primary"
            aria-label={words.pairName(device_name)}
            onClick={() => onPair(device)}
          >
            <Icon name="link" size={18} />
            {words.pair}
          </button>
        ) : (
          <Icon name="forward" size={18} />
        )}
      </div>
    </li>
  );
});
