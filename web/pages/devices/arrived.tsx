import type { Device } from '../../client/index.ts';
import { cardsOf } from '../../state/cards-of-device.ts';
import { DEVICES, ROOMS } from '../../state/index.ts';
import { useText, useWanted } from '../../ui/context.ts';
import { Icon } from '../../ui/icon.tsx';
import { linkTo } from '../../ui/route.ts';
import { deviceWanted, hasAddress } from './asked.ts';
import { useArrivals } from './use-arrivals.ts';

const MOST_SHOWN = 20;

/** Devices that have come in while this was looked at, the latest first. */
export function Arrived({ onPair }: { onPair: (device: Device) => void }) {
  const text = useText().devices.enrol;
  const arrivals = useArrivals(useWanted(DEVICES).value);
  return (
    <div role="status" class="arrived">
      {arrivals.length === 0 ? (
        <p class="waiting-for">
          <span class="spinner" aria-hidden="true" />
          {text.watching}
        </p>
      ) : (
        <ul>
          {arrivals
            .slice(-MOST_SHOWN)
            .reverse()
            .map((device) => (
              <Arrival key={device.device_id} device={device} onPair={onPair} />
            ))}
        </ul>
      )}
    </div>
  );
}

function Arrival({ device, onPair }: { device: Device; onPair: (device: Device) => void }) {
  const text = useText().devices;
  const { device_id, device_name, room_id } = device;
  const room = useWanted(ROOMS).value?.find(({ id }) => id === room_id);
  const whole = useWanted(hasAddress(device_id) && room_id !== null ? deviceWanted(device_id) : null).value;
  const cards = whole === null ? [] : cardsOf(whole);
  const unchosen = cards.length > 0 && cards.every(({ status }) => status === 'exclude');
  return (
    <li>
      <Icon name="check" />
      <span class="arrived-name">
        <strong>{text.enrol.registered(device_name)}</strong>
        {room !== undefined && ` ${text.enrol.inRoom(room.name)}`}
      </span>
      {room_id === null || unchosen ? (
        <button type="button" class="button" onClick={() => onPair(device)}>
          {room_id === null ? text.pair : text.enrol.cards}
        </button>
      ) : (
        <a class="button" href={linkTo('devices', device_id)}>
          {text.enrol.look}
        </a>
      )}
    </li>
  );
}
